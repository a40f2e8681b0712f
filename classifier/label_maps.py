"""Our mapping of public data sets' own labels to the 15 families; `None` holds labels that name no family.

The assignment is ours. A label such as "chill" or "german" says where or when music is heard, not what it is,
so tracks under it are left out of training rather than forced into a family. A label that two data sets share
leads to the same family in both.
"""

from collections.abc import Mapping

LABELS_BY_FAMILY: Mapping[str, Mapping[str | None, str]] = {
    "kaggle114": {
        "rock": "alt-rock|alternative|grunge|hard-rock|psych-rock|rock|garage|rock-n-roll|rockabilly",
        "metal": "black-metal|death-metal|grindcore|heavy-metal|metal|metalcore",
        "punk": "punk|punk-rock|emo|power-pop|hardcore",
        "pop": "pop|indie-pop|synth-pop|indie|pop-film",
        "asian-pop": "k-pop|j-pop|j-idol|j-rock|cantopop|mandopop|anime",
        "hip-hop": "hip-hop",
        "rnb-soul": "r-n-b|soul|funk|gospel|groove|disco",
        "electronic": (
            "house|chicago-house|deep-house|progressive-house|edm|electro|electronic|dance|club|"
            "trance|hardstyle|techno|detroit-techno|minimal-techno|drum-and-bass|dubstep|breakbeat|"
            "idm"
        ),
        "ambient": "ambient|new-age|sleep",
        "classical": "classical|opera|piano",
        "country-folk": "country|honky-tonk|bluegrass|folk|singer-songwriter|songwriter|acoustic",
        "jazz-blues": "jazz|blues",
        "latin": "latin|latino|reggaeton|salsa|tango|samba|pagode|sertanejo|forro|mpb|brazil",
        "reggae": "reggae|dub|dancehall|ska",
        "spoken": "comedy",
        None: (
            "afrobeat|british|children|chill|disney|french|german|goth|guitar|happy|indian|"
            "industrial|iranian|j-dance|kids|malay|party|romance|sad|show-tunes|spanish|study|"
            "swedish|trip-hop|turkish|world-music"
        ),
    },
    "cristhian146": {
        "rock": (
            "alternative|art rock|blues rock|britpop|garage|glam rock|grunge|krautrock|math rock|"
            "new wave|noise rock|post-rock|progressive rock|psychedelic|rock|shoegaze|space rock|"
            "stoner rock"
        ),
        "metal": (
            "black metal|death metal|doom metal|gothic metal|metal|nordic metal|power metal|"
            "thrash metal|symphonic metal|viking metal"
        ),
        "punk": "emo|hardcore|pop punk|post-punk|punk",
        "pop": "dream pop|electropop|indie|pop|synth-pop",
        "asian-pop": "j-pop|k-pop",
        "hip-hop": "drill|grime|hip hop|trap",
        "rnb-soul": "contemporary r&b|disco|doo-wop|funk|gospel|motown|neo soul|r&b|soul",
        "electronic": (
            "big room|dance|deep house|drum and bass|dubstep|electronic|electronica|future bass|"
            "gabber|goa trance|happy hardcore|hardstyle|house|progressive house|psytrance|techno|"
            "trance|tech house"
        ),
        "ambient": "ambient|drone|new age",
        "classical": (
            "baroque|classical|classical crossover|contemporary classical|opera|renaissance|"
            "romantic classical|minimalism|medieval"
        ),
        "country-folk": "acoustic|bluegrass|country|folk|singer-songwriter",
        "jazz-blues": (
            "avant-garde jazz|bebop|big band|blues|desert blues|free jazz|hard bop|jazz|jazz fusion|"
            "smooth jazz|swing"
        ),
        "latin": "bachata|bossa nova|cumbia|latin|latin pop|merengue|reggaeton|salsa|samba|tango|tropicalia",
        "reggae": "dub|reggae|rocksteady|ska",
        None: (
            "acid jazz|afro-cuban|afrobeat|avant-garde|bollywood|bounce|cajun|carnatic|celtic|"
            "downtempo|electro swing|experimental|flamenco|funktronica|fusion|highlife|hindustani|"
            "industrial|jazztronica|klezmer|latin jazz|lo-fi|moombahton|nordic folk|ska punk|"
            "soundtrack|sufi|synthpop|synthwave|tropical house|vaportrap|vaporwave|video game music|"
            "world|zydeco"
        ),
    },
    "tidytuesday": {
        "rock": "rock",
        "pop": "pop",
        "hip-hop": "rap",
        "rnb-soul": "r&b",
        "electronic": "edm",
        "latin": "latin",
    },
    # The column playlist_subgenre; every value stays in the family of its playlist_genre.
    "tidytuesday_subgenres": {
        "rock": "album rock|classic rock|hard rock|permanent wave",
        "pop": "dance pop|electropop|indie poptimism|post-teen pop",
        "hip-hop": "gangster rap|hip hop|southern hip hop|trap",
        "rnb-soul": "hip pop|neo soul|new jack swing|urban contemporary",
        "electronic": "big room|electro house|pop edm|progressive electro house",
        "latin": "latin hip hop|latin pop|reggaeton|tropical",
    },
    "finchmf": {
        "rock": "50s Hits|rockabilly|post rock",
        "hip-hop": "hip hop",
        "rnb-soul": "disco",
        "electronic": "electronic|detroit_techo",
        "ambient": "sleep",
        "classical": "classical",
        "reggae": "ska",
        None: "electro indie pop|french|industrial pop|spanish",
    },
    "gtzan": {
        "rock": "rock",
        "metal": "metal",
        "pop": "pop",
        "hip-hop": "hiphop|hip-hop",
        "rnb-soul": "disco",
        "classical": "classical",
        "country-folk": "country",
        "jazz-blues": "jazz|blues",
        "reggae": "reggae",
    },
    "fma": {
        "rock": "Rock",
        "pop": "Pop",
        "hip-hop": "Hip-Hop",
        "rnb-soul": "Soul-RnB",
        "electronic": "Electronic",
        "classical": "Classical",
        "country-folk": "Folk|Country",
        "jazz-blues": "Jazz|Blues",
        "spoken": "Spoken",
        None: "International|Experimental|Instrumental|Easy Listening|Old-Time / Historic",
    },
    # All 163 titles of genres.csv (Defferrard et al., "FMA: A Dataset for Music Analysis", ISMIR 2017), not only
    # the 16 at the top. A title that another data set shares means the same here; a new one follows FMA's own tree,
    # except where its words are plainer (reggae and Latin under "International", metal under "Rock"), where they
    # tell an occasion ("Chill-out", "Musical Theater") or where two families claim it ("Thrash" under "Hardcore").
    "fma_genres": {
        "rock": (
            "Garage|Indie-Rock|Krautrock|Loud-Rock|New Wave|Noise-Rock|Post-Rock|Progressive|Psych-Rock|Rock|"
            "Rock Opera|Rockabilly|Shoegaze|Space-Rock|Surf"
        ),
        "metal": "Black-Metal|Death-Metal|Grindcore|Metal|Sludge",
        "punk": "Electro-Punk|Hardcore|No Wave|Post-Punk|Power-Pop|Punk",
        "pop": "Experimental Pop|Pop|Synth Pop",
        "hip-hop": "Abstract Hip-Hop|Alternative Hip-Hop|Hip-Hop|Hip-Hop Beats|Nerdcore|Rap|Wonky",
        "rnb-soul": "Deep Funk|Disco|Funk|Gospel|Soul-RnB",
        "electronic": (
            "Ambient Electronic|Bigbeat|Breakbeat|Breakcore - Hard|Chip Music|Chiptune|Dance|Drum & Bass|Dubstep|"
            "Electronic|Glitch|House|IDM|Jungle|Minimal Electronic|Skweee|Techno"
        ),
        "ambient": "Ambient|Drone|New Age",
        "classical": (
            "20th Century Classical|Chamber Music|Choral Music|Classical|Composed Music|Contemporary Classical|"
            "Minimalism|Opera|Symphony"
        ),
        "country-folk": (
            "Americana|Bluegrass|British Folk|Country|Country & Western|Folk|Freak-Folk|Free-Folk|Psych-Folk|"
            "Singer-Songwriter|Western Swing"
        ),
        "jazz-blues": "Be-Bop|Big Band/Swing|Blues|Free-Jazz|Jazz|Jazz: Out|Jazz: Vocal|Modern Jazz",
        "latin": "Brazilian|Cumbia|Latin|Latin America|Salsa|Tango",
        "reggae": "Reggae - Dancehall|Reggae - Dub",
        "spoken": (
            "Banter|Comedy|Interview|Poetry|Radio|Radio Art|Radio Theater|Spoken|Spoken Weird|Spoken Word|Talk Radio"
        ),
        None: (
            "African|Afrobeat|Asia-Far East|Audio Collage|Avant-Garde|Balkan|Bollywood|Celtic|Chill-out|Christmas|"
            "Compilation|Downtempo|Easy Listening|Easy Listening: Vocal|Electroacoustic|Europe|Experimental|Fado|"
            "Field Recordings|Flamenco|French|Goth|Holiday|Improv|Indian|Industrial|Instrumental|International|"
            "Kid-Friendly|Klezmer|Lo-Fi|Lounge|Middle East|Musical Theater|Musique Concrete|N. Indian Traditional|"
            "Noise|North African|Novelty|Nu-Jazz|Old-Time / Historic|Pacific|Polka|Romany (Gypsy)|Sound Art|"
            "Sound Collage|Sound Effects|Sound Poetry|Soundtrack|South Indian Traditional|Spanish|Thrash|Trip-Hop|"
            "Turkish|Unclassifiable"
        ),
    },
}

# sub-genre -> other ways of writing it. Only other names of the same style, or narrower names too rare to learn.
# Labels that tell a place, a playlist or a radio format instead of a style ("brazil", "club", "nordic metal",
# "urban contemporary") are not here: they stay with their family.
SYNONYMS: Mapping[str, str] = {
    "alternative-rock": "alternative|alt-rock",
    "garage-rock": "garage",
    "progressive-rock": "progressive|prog rock",
    "psychedelic-rock": "psychedelic|psych-rock",
    "rock-n-roll": "rock and roll",
    "surf-rock": "surf",
    "sludge-metal": "sludge",
    "hardcore-punk": "hardcore",
    "film-pop": "pop-film",
    "indie-pop": "indie poptimism",
    "synth-pop": "synthpop",
    "gangsta-rap": "gangster rap",
    "instrumental-hip-hop": "hip-hop beats",
    "contemporary-rnb": "contemporary r&b|contemporary r-n-b",
    "funk": "deep funk",
    "rnb": "r&b|r-n-b|r'n'b",
    "big-beat": "bigbeat",
    "breakcore": "breakcore - hard",
    "chiptune": "chip music",
    "detroit-techno": "detroit_techo",
    "drum-and-bass": "drum n bass|dnb",
    "edm": "pop edm",
    "choral": "choral music",
    "country": "country & western",
    "psychedelic-folk": "psych-folk",
    "singer-songwriter": "songwriter",
    "avant-garde-jazz": "jazz: out",
    "bebop": "be-bop",
    "big-band": "big band/swing",
    "vocal-jazz": "jazz: vocal",
    "dancehall": "reggae - dancehall",
    "dub": "reggae - dub",
}
