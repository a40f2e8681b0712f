"""The columns of a table that `describe` writes. Imports no heavy module."""

PITCHES = ("c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b")
SUMMARIES = ("mean", "std", "min", "max", "median")  # over time
N_MFCC, N_FINE = 13, 12
ROWS = (
    *(f"mfcc_{i + 1:02}" for i in range(N_MFCC)),
    *(f"fine_mfcc_{i + 1:02}" for i in range(N_FINE)),
    "rms", "energy", "centroid_hz", "bandwidth_hz", "roll_off_hz", "zero_crossing_rate",
    *(f"chroma_{name}" for name in PITCHES),
)  # fmt: skip
DESCRIPTORS = (*(f"{row}_{summary}" for row in ROWS for summary in SUMMARIES), "tempo_bpm")
