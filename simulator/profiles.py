"""What fifteen genre families sound like in figures, and which genre names belong to which family.

Source: means and spreads per family of the public Spotify-tracks table (Kaggle, maharshipandya, ODbL 1.0),
rounded to one decimal; the five features in [0, 1] on the logit scale, because most of them are skewed.
"""

from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType

Spread = tuple[float, float]  # mean, standard deviation


@dataclass(frozen=True)
class Profile:
    danceability: Spread  # logits, as the next six
    energy: Spread
    speechiness: Spread
    acousticness: Spread
    instrumentalness: Spread
    liveness: Spread
    valence: Spread
    loudness: Spread  # dB
    tempo: Spread  # beats per minute
    major: float  # share of tracks in a major key
    explicit: float  # share of explicit tracks


def _profile(row: str) -> Profile:
    *spreads, major, explicit = row.split()
    names = [field.name for field in fields(Profile)]
    pairs = {name: _spread(pair) for name, pair in zip(names, spreads, strict=False)}
    return Profile(**pairs, major=float(major), explicit=float(explicit))


def _spread(text: str) -> Spread:
    mean, _, deviation = text.partition("|")
    return float(mean), float(deviation)


# danceab. energy  speech.  acoust.  instrum. liveness valence  loudness tempo major explicit
_ROWS = {
    "rock": "0.1|0.6 1.1|1.3 -3.0|0.6 -2.9|3.3 -7.1|3.2 -1.5|1.1 0.3|1.4 -7|3 125|30 0.69 0.05",
    "metal": "-0.6|0.6 2.8|1.4 -2.4|0.7 -7.5|2.3 -4.1|4.3 -1.3|1.1 -1.1|1.1 -6|3 126|29 0.58 0.17",
    "punk": "0.1|0.7 1.7|1.4 -2.6|0.8 -4.3|2.9 -7.4|3.0 -1.5|1.1 0.2|1.2 -6|3 131|31 0.70 0.20",
    "pop": "0.5|0.6 0.5|1.0 -2.9|0.7 -1.5|2.4 -7.4|3.0 -1.8|0.8 0.1|1.2 -8|3 120|29 0.65 0.07",
    "asian-pop": "0.2|0.6 1.0|1.4 -2.9|0.7 -1.9|2.8 -8.0|2.8 -1.6|0.9 -0.1|1.1 -7|4 126|30 0.68 0.02",
    "hip-hop": "1.2|0.6 0.9|0.8 -2.2|0.8 -2.2|1.9 -8.4|1.9 -1.7|0.9 0.3|1.2 -6|2 117|29 0.53 0.39",
    "rnb-soul": "0.5|0.7 0.8|1.2 -2.8|0.8 -1.8|2.5 -7.7|2.8 -1.5|1.3 0.2|1.4 -7|3 120|25 0.67 0.08",
    "electronic": "0.6|0.7 1.4|1.2 -2.7|0.7 -3.8|2.7 -3.6|4.8 -1.7|1.0 -0.5|1.3 -7|4 129|24 0.53 0.06",
    "ambient": "-1.3|1.9 -1.6|2.7 -3.3|1.3 1.7|3.0 0.8|3.6 -1.5|1.4 -2.8|2.4 -21|8 102|38 0.66 0.00",
    "classical": "-0.5|0.7 -1.4|1.7 -3.1|0.4 2.3|2.7 -2.7|5.2 -1.7|1.0 -1.1|1.3 -17|9 110|33 0.72 0.00",
    "country-folk": "0.2|0.5 0.0|1.1 -3.2|0.5 -0.1|2.2 -7.4|3.1 -1.7|0.9 0.0|1.2 -9|4 121|30 0.85 0.03",
    "jazz-blues": "0.2|0.6 -0.2|1.2 -3.0|0.6 0.2|2.4 -7.5|3.1 -1.7|0.8 0.3|1.4 -10|4 113|31 0.74 0.01",
    "latin": "0.6|0.7 0.8|1.0 -2.7|0.7 -0.7|1.9 -8.3|2.2 -1.1|1.5 0.7|1.2 -7|3 123|31 0.63 0.07",
    "reggae": "0.7|0.7 1.2|1.0 -2.4|0.9 -2.6|2.1 -7.9|2.6 -1.6|1.2 0.5|1.4 -6|3 123|31 0.59 0.13",
    "spoken": "0.3|0.5 1.0|1.1 1.6|1.8 1.2|1.4 -9.1|0.6 0.9|1.5 -0.2|1.1 -11|5 101|29 0.71 0.62",
}
PROFILES = MappingProxyType({family: _profile(row) for family, row in _ROWS.items()})
FAMILIES = tuple(PROFILES)

# What genre names contain; the longest match decides: "reggaeton" is latin although it contains "reggae".
_WORDS = {
    "rock": "rock, grunge, garage, rockabilly, alternative, britpop, shoegaze, new wave, krautrock, blues rock",
    "metal": "metal, grindcore, djent, industrial, goth",
    "punk": "punk, punk rock, hardcore, emo, power pop",
    "asian-pop": "k pop, j pop, j idol, j rock, j dance, cantopop, mandopop, anime, malay",
    "hip-hop": "hip hop, rap, trap, drill, grime",
    "rnb-soul": "r n b, r&b, soul, funk, gospel, groove, disco, motown, doo wop, afrobeat",
    "electronic": "house, techno, trance, edm, electro, dance, club, hardstyle, dubstep, breakbeat, idm, "
    "drum and bass, trip hop, future bass, gabber, big room, happy hardcore",
    "ambient": "ambient, new age, sleep, drone, study, chill",
    "classical": "classical, opera, piano, baroque, renaissance, minimalism, medieval, orchestra",
    "country-folk": "country, honky tonk, bluegrass, folk, songwriter, acoustic, guitar",
    "jazz-blues": "jazz, blues, bebop, big band, hard bop, swing",
    "latin": "latin, reggaeton, salsa, tango, samba, pagode, sertanejo, forro, mpb, brazil, bachata, cumbia, "
    "merengue, bossa, spanish, tropicalia",
    "reggae": "reggae, dancehall, ska, rocksteady, dub",
    "spoken": "spoken, comedy, audiobook, poetry",
}
_FAMILY_OF_WORD = {word: family for family, words in _WORDS.items() for word in words.split(", ")}


@cache
def family_of(genre: str) -> str:
    """The family whose sound suits a genre name; pop where nothing fits."""
    if genre in PROFILES:
        return genre
    name = genre.lower().replace("-", " ").replace("_", " ")
    found = [word for word in _FAMILY_OF_WORD if word in name]
    return _FAMILY_OF_WORD[max(found, key=len)] if found else "pop"
