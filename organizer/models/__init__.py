from organizer.models.account import SpotifyAccount
from organizer.models.gate import ServiceGate
from organizer.models.identification import Identification
from organizer.models.job import Job
from organizer.models.playlist import GenrePlaylist, Plan, PlanItem, PlaylistVersion
from organizer.models.prediction import Correction, Prediction
from organizer.models.stored_verdict import StoredVerdict
from organizer.models.track import Artist, AudioAnalysis, AudioFeatures, SavedTrack, Track
from organizer.models.training import (
    Comparison,
    Dataset,
    Impact,
    ModelVersion,
    Promotion,
    TrainingRun,
)

__all__ = [
    "Promotion",
    "Impact",
    "Comparison",
    "Artist",
    "AudioAnalysis",
    "AudioFeatures",
    "Correction",
    "Dataset",
    "GenrePlaylist",
    "Identification",
    "Job",
    "ModelVersion",
    "Plan",
    "PlanItem",
    "PlaylistVersion",
    "Prediction",
    "SavedTrack",
    "ServiceGate",
    "SpotifyAccount",
    "StoredVerdict",
    "Track",
    "TrainingRun",
]
