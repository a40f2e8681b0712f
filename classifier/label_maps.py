"""Our mapping of public data sets' own labels to the 15 families; `None` holds labels that name no family.

The assignment is ours. A label such as "chill" or "german" says where or when music is heard, not what it is,
so tracks under it are left out of training rather than forced into a family.
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
        "hip-hop": "hiphop",
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
}
