"""Words that invented artists, albums and titles are made of; each family has its own flavour."""

from types import MappingProxyType

FIRST_NAMES = [
    "Mara",
    "Elio",
    "Tove",
    "Jonas",
    "Ines",
    "Kwame",
    "Petra",
    "Luca",
    "Odette",
    "Ravi",
    "Selma",
    "Theo",
    "Yara",
    "Milo",
    "Anouk",
    "Bela",
    "Cora",
    "Dario",
    "Esme",
    "Felix",
    "Greta",
    "Hugo",
    "Iris",
    "Juno",
    "Kasper",
    "Lina",
    "Matteo",
    "Nadia",
    "Orla",
    "Pavel",
    "Rosa",
    "Stellan",
    "Uma",
    "Viggo",
    "Wren",
]
LAST_NAMES = [
    "Halloran",
    "Vester",
    "Okafor",
    "Lindqvist",
    "Marlowe",
    "Duarte",
    "Kessler",
    "Abara",
    "Fontaine",
    "Novak",
    "Pemberton",
    "Quist",
    "Ramires",
    "Sato",
    "Thorne",
    "Ulmer",
    "Vandermeer",
    "Whitlock",
    "Yarrow",
    "Zeller",
    "Brandt",
    "Castellane",
    "Dunmore",
    "Ekholm",
]

# family: (artist patterns, nouns, adjectives, title patterns)
_FLAVOURS = {
    "rock": (
        "The {adj} {noun}s|{noun} & the {noun2}s|{adj} {noun}",
        "Lantern Harbor Motor Sparrow Highway Window Radio Thunder Mirror River",
        "Velvet Broken Silver Restless Hollow Electric Northern Faded",
        "{adj} {noun}|Back to the {noun}|{noun} in the Rain|Run for the {noun}|Last {noun} Home|My {adj} {noun}",
    ),
    "metal": (
        "{adj}{noun_low}|{noun} of {noun2}|{adj} {noun}",
        "Ash Throne Crypt Serpent Winter Blade Oath Monolith Plague Abyss",
        "Black Frozen Iron Burning Eternal Blood Nameless Sunless",
        "{noun} of the {adj} {noun2}|Beneath the {noun}|{adj} {noun}|I Am the {noun}|Hymn to {noun}",
    ),
    "punk": (
        "The {noun}s|{noun} Riot|{adj} {noun}s",
        "Curfew Brick Pigeon Landlord Basement Tantrum Bus Siren Pavement Ticket",
        "Cheap Loud Dumb Nervous Angry Lazy Plastic Wrong",
        "{noun} Song|No More {noun}s|{adj} and {adj2}|{noun}, {noun}, Go|Not Your {noun}",
    ),
    "pop": (
        "{first} {last}|{first}|{first} & the {noun}s",
        "Heartbeat Summer Confetti Midnight Polaroid Mirror Sugar Firework Paper Balcony",
        "Golden Sweet Bright Lucky Lonely Perfect Little Neon",
        "{adj} {noun}|{noun} on My Mind|Call Me {adj}|One More {noun}|{noun} Love|Like a {noun}",
    ),
    "asian-pop": (
        "{noun}*{noun2}|{adj} {noun}|{noun} 9",
        "Starlight Cherry Ribbon Comet Lantern Melody Petal Rocket Mirage Sky",
        "Dream Crystal Secret Happy Shining Blue Twinkle Tomorrow's",
        "{adj} {noun}|{noun} Parade|Hello, {noun}|{noun} no Uta|Fly, {noun}!|{noun} & You",
    ),
    "hip-hop": (
        "Lil {noun}|{noun} {last}|MC {noun}|Young {noun}",
        "Cipher Corner Money Ledger Block Crown Pocket Marble Subway Blueprint",
        "Cold Heavy Real Quick Solid Quiet Broke Royal",
        "{noun} Talk|{adj} {noun}|No {noun}|{noun} on {noun2}|All My {noun}s|Who Got the {noun}",
    ),
    "rnb-soul": (
        "{first} {last}|The {noun}tones|{first} and the {noun} Band",
        "Velour Honey Sunday Candle Satin Whisper Promise Kitchen Mercy Perfume",
        "Tender Slow Warm Patient Faithful Sweet Late Deep",
        "{adj} {noun}|Give Me {noun}|{noun} and {noun2}|Stay {adj}|Your {adj} {noun}|Baby, {noun}",
    ),
    "electronic": (
        "{noun}form|DJ {last}|{adj} {noun} Unit|{noun}.{noun2}",
        "Circuit Pulse Vector Signal Prism Voltage Orbit Static Lumen Grid",
        "Parallel Digital Infinite Modular Phase Hyper Analog Liquid",
        "{noun} {number}|{adj} {noun}|{noun} (Extended Mix)|Into the {noun}|{noun} Theory|{adj} Drive",
    ),
    "ambient": (
        "{noun} Fields|{first} {last}|{adj} {noun}",
        "Tundra Mist Harbor Moss Glacier Meadow Tide Cloud Ember Stillness",
        "Distant Slow Weightless Pale Sleeping Endless Soft Quiet",
        "{noun}, {adj}|{adj} {noun}|{noun} at Dawn|{number} Hours of {noun}|Towards {noun}",
    ),
    "classical": (
        "{first} {last}|{last} Quartet|Orchestra of {last}",
        "Sonata Nocturne Prelude Quartet Suite Fantasia Elegy Etude Serenade Partita",
        "Andante Allegro Adagio Largo Presto Lento Vivace Grave",
        "{noun} No. {number} in {key}: {adj}|{noun} in {key}, Op. {number}|{noun} for Strings: {adj}",
    ),
    "country-folk": (
        "{first} {last}|The {last} Family|{first} & {first2}",
        "Porch Creek Wagon Whiskey Prairie Fiddle Orchard Gravel Barn Willow",
        "Dusty Old Lonesome Simple Muddy Honest Tall Autumn",
        "{adj} {noun} Road|Down by the {noun}|{noun} Blues|Mama's {noun}|{adj} {noun}|Where the {noun} Ends",
    ),
    "jazz-blues": (
        "{first} {last} Trio|{first} {last}|{last} & {last2}|Blind {first} {last}",
        "Alley Saxophone Boulevard Smoke Corner Rooster Lamplight Stroll Ferry Bourbon",
        "Blue Crooked Easy Lowdown Mellow Late Minor Round",
        "{adj} {noun}|{noun} at Midnight|{noun} Stomp|Waltz for {first}|{adj} {noun} Blues",
    ),
    "latin": (
        "{first} {last}|Los {noun}s|Grupo {noun}|{first} y {first2}",
        "Fuego Corazon Luna Verano Camino Playa Guitarra Noche Sombra Mariposa",
        "Dulce Eterno Loco Bello Lento Rojo Sin Nuevo",
        "{noun} {adj}|Mi {noun}|{noun} y {noun2}|Baila, {noun}|La {noun} de {first}|Otra {noun}",
    ),
    "reggae": (
        "{first} {last}|The {noun} Rockers|Ras {last}|{adj} {noun} Sound",
        "Zion Harbor Lion Sunrise Island Mountain Roots River Drum Freedom",
        "Steady Rising Righteous Easy Natural Mighty Humble Golden",
        "{adj} {noun}|{noun} Dub|Jah {noun}|{noun} Time|Children of the {noun}|{adj} Vibration",
    ),
    "spoken": (
        "{first} {last}|{first} {last} Live",
        "Airport Dentist Marriage Landlord Elevator Supermarket Diet Password Neighbour Weather",
        "Awkward Expensive Terrible Polite Useless Honest Loud Grown-Up",
        "{noun} Story|My {adj} {noun}|Never Trust the {noun}|The {adj} {noun}|{noun}s (Live)",
    ),
}
FLAVOURS = MappingProxyType(
    {
        family: (artists.split("|"), nouns.split(), adjectives.split(), titles.split("|"))
        for family, (artists, nouns, adjectives, titles) in _FLAVOURS.items()
    }
)
