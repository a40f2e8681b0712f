"""How each genre family is played: patterns on a bar of sixteen steps, timbres, drive and brightness."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Style:
    """One family's band. Patterns have one character a step: digits are loudness, others are rests."""

    kick: str = "................"
    snare: str = "................"
    hat: str = "................"
    bass: str = "................"
    chords: str = "9..............."
    lead: str = "................"
    bass_timbre: str = "round"
    chord_timbre: str = "organ"
    lead_timbre: str = "reed"
    chord_decay_s: float = 2.0
    chord_attack_s: float = 0.01
    power_chords: bool = False  # root, fifth, octave instead of a triad
    seventh: bool = False
    arpeggio: bool = False
    drive: float = 0.0  # gain before the soft clipper that chords and lead go through
    swing: float = 0.0  # share of a step by which every second step comes late
    voice: float = 0.0  # loudness of a voice that sings, raps or talks
    talks: bool = False
    tops_hz: float = 9_000.0  # above this everything fades
    hiss: float = 0.0
    levels: tuple[float, float, float, float] = (0.8, 0.6, 0.4, 0.3)  # drums, bass, chords, lead


STYLES = MappingProxyType(
    {
        "rock": Style(
            kick="9.....9.9.......", snare="....9.......9...", hat="7.5.7.5.7.5.7.5.",
            bass="9.7.7.7.9.7.7.7.", chords="9...6.7...9.6...", lead="....7.5...7.5.7.",
            chord_timbre="saw", lead_timbre="saw", chord_decay_s=0.5, drive=3.0, voice=0.25, tops_hz=7_500,
        ),
        "metal": Style(
            kick="9.99.99.9.99.99.", snare="....9.......9...", hat="8.6.8.6.8.6.8.6.",
            bass="9999999999999999", chords="9.9997.999.99799", lead="9.7.9.7.9.7.9.7.",
            bass_timbre="saw", chord_timbre="saw", lead_timbre="square", chord_decay_s=0.16,
            power_chords=True, drive=12.0, tops_hz=12_000, hiss=0.01, levels=(0.8, 0.7, 0.8, 0.25),
        ),
        "punk": Style(
            kick="9...9...9...9...", snare="..9...9...9...9.", hat="9.9.9.9.9.9.9.9.",
            bass="9.9.9.9.9.9.9.9.", chords="9.9.9.9.9.9.9.9.", bass_timbre="saw", chord_timbre="saw",
            chord_decay_s=0.25, power_chords=True, drive=6.0, voice=0.4, tops_hz=10_000,
            levels=(0.8, 0.6, 0.7, 0.2),
        ),
        "pop": Style(
            kick="9...9...9...9...", snare="....8.......8...", hat="..6...6...6...6.",
            bass="9..9..9.9..9..9.", chords="9.......8.......", lead="..7.7..7....7.7.",
            chord_timbre="organ", lead_timbre="square", chord_decay_s=1.2, voice=0.5, tops_hz=11_000,
        ),
        "asian-pop": Style(
            kick="9..9..9.9..9..9.", snare="....9.......9..7", hat="5555555555555555",
            bass="9.9.7.9.9.9.7.9.", chords="9..8..9...8..9..", lead="9.7.9.79.7.9.7.9",
            bass_timbre="square", chord_timbre="square", lead_timbre="bell", chord_decay_s=0.4, seventh=True,
            voice=0.45, tops_hz=14_000, levels=(0.7, 0.5, 0.35, 0.45),
        ),
        "hip-hop": Style(
            kick="9......9..9.....", snare="....9.......9...", hat="6.6.6.666.6.6666",
            bass="9.........7.....", chords="5...............", bass_timbre="sine", chord_timbre="bell",
            chord_decay_s=1.5, voice=0.9, talks=True, tops_hz=10_000, levels=(1.0, 1.1, 0.2, 0.1),
        ),
        "rnb-soul": Style(
            kick="9.....6..9......", snare="....7.......7...", hat="5.35.35.5.35.353",
            bass="9..6.7..8..6.7.5", chords="7.....6...7.....", lead="......6.5.....4.",
            chord_timbre="tine", lead_timbre="reed", chord_decay_s=1.4, seventh=True, swing=0.2, voice=0.55,
            tops_hz=7_000, levels=(0.6, 0.7, 0.5, 0.2),
        ),
        "electronic": Style(
            kick="9...9...9...9...", snare="....5.......5...", hat="..9...9...9...9.",
            bass="..9.9.9...9.9.99", chords="9..9..9..9..9.9.", lead="9999999999999999",
            bass_timbre="saw", chord_timbre="saw", lead_timbre="square", chord_decay_s=0.18, arpeggio=True,
            tops_hz=13_000, hiss=0.004, levels=(1.1, 0.7, 0.35, 0.3),
        ),
        "ambient": Style(
            chords="9...............", lead="6.......4.......", chord_timbre="sine", lead_timbre="sine",
            chord_decay_s=12.0, chord_attack_s=1.5, seventh=True, tops_hz=2_000, hiss=0.006,
            levels=(0.0, 0.3, 0.9, 0.3),
        ),
        "classical": Style(
            chords="9.......7.......", lead="7..7.6.77.6.7.6.", bass="8.......8.......", bass_timbre="string",
            chord_timbre="string", lead_timbre="piano", chord_decay_s=1.8, chord_attack_s=0.12, tops_hz=6_000,
            levels=(0.0, 0.4, 0.5, 0.6),
        ),
        "country-folk": Style(
            kick="7.......7.......", snare="....4.......4...", bass="9.......9.......", chords="9.6.8.669.6.8.66",
            lead="7...5.7.....7.5.", chord_timbre="pluck", lead_timbre="pluck", chord_decay_s=0.5, voice=0.5,
            tops_hz=8_000, levels=(0.35, 0.5, 0.8, 0.4),
        ),
        "jazz-blues": Style(
            kick="4.......4.......", snare=".......3.....3..", hat="7...7.5.7...7.5.",
            bass="9...8...9...8...", chords="..6....5......6.", lead="7.6..7.6..77.6..", bass_timbre="round",
            chord_timbre="piano", lead_timbre="reed", chord_decay_s=0.7, seventh=True, swing=0.33,
            tops_hz=6_000, levels=(0.4, 0.8, 0.5, 0.6),
        ),
        "latin": Style(
            kick="9...9...9...9...", snare="...7..7....7..7.", hat="7.677.677.677.67",
            bass="9.....9.9.....9.", chords="..9.9..9..9.9..9", lead="7.7..7.7.7..7...", chord_timbre="piano",
            lead_timbre="brass", chord_decay_s=0.3, voice=0.45, tops_hz=11_000,
        ),
        "reggae": Style(
            kick="........9.......", snare="........8.......", hat="..5...5...5...5.",
            bass="9..9..7...9.7...", chords="....9.......9...", lead="............5...", bass_timbre="sine",
            chord_timbre="organ", lead_timbre="reed", chord_decay_s=0.12, swing=0.15, voice=0.4,
            tops_hz=6_000, levels=(0.7, 1.2, 0.8, 0.15),
        ),
        "spoken": Style(
            chords="................", voice=1.0, talks=True, tops_hz=5_500, hiss=0.02,
            levels=(0.0, 0.0, 0.0, 0.0),
        ),
    }
)  # fmt: skip

# Loudness of the partials of each timbre, the fundamental first.
TIMBRES = MappingProxyType(
    {
        "sine": (1.0, 0.05),
        "round": (1.0, 0.5, 0.2, 0.08),
        "organ": (1.0, 0.7, 0.3, 0.4, 0.05, 0.2, 0.0, 0.25),
        "tine": (1.0, 0.15, 0.05, 0.3, 0.0, 0.05, 0.1),
        "bell": (1.0, 0.0, 0.5, 0.0, 0.1, 0.4, 0.0, 0.0, 0.3),
        "pluck": tuple(1 / k**1.1 for k in range(1, 17)),
        "piano": tuple(1 / k**1.6 for k in range(1, 13)),
        "string": tuple(1 / k**1.2 * (1 + (k % 2)) / 2 for k in range(1, 15)),
        "reed": tuple((1.0 if k % 2 else 0.15) / k**0.9 for k in range(1, 13)),
        "brass": tuple(1 / k**0.7 for k in range(1, 13)),
        "square": tuple((k % 2) / k for k in range(1, 24)),
        "saw": tuple(1 / k for k in range(1, 25)),
    }
)
