"""The model families' names and reasons; imports nothing heavy, so that the command line and the admin start fast."""

from collections.abc import Mapping

# name -> what it is and why it is here
MODELS: Mapping[str, str] = {
    "mlp": "our network: piecewise-linear number embeddings, category embeddings, taught by boosted trees that have not "
    "seen a track's artist: the best single one for artists it does not know",
    "mlp-labels": "the same network learning from labels alone: better only where tests share artists with training",
    "classic-mlp": "the plain 256-128 network of earlier projects, for comparison with their figures",
    "dummy": "the genres' shares, whatever the track: what guessing achieves",
    "knn": "25 nearest neighbours on standardised inputs",
    "logistic": "logistic regression on standardised inputs: the floor for anything that calls itself learned",
    "adaboost": "AdaBoost with stumps, for comparison with published figures",
    "gradient-boosting": "scikit-learn's gradient boosting, for comparison with published figures",
    "random-forest": "200 trees of depth 10, for comparison with published figures",
    "svc": "support vectors with an RBF kernel on standardised inputs; unscaled, loudness and tempo drown the rest",
    "lightgbm": "gradient boosting that copes with large tables",
    "extra-trees": "300 trees with random cuts (fewer of many tracks): steadier than a forest where rows are few",
    "trees": "average of random forest, extra trees and LightGBM: the strongest of the classical ones",
    "blend": "average of three of our networks, extra trees and LightGBM: the most accurate here, too large to ship",
}

# Beyond so many tracks a family learns from a seeded sample, because it would take hours, or has long converged.
MOST_ROWS: Mapping[str, int] = {
    "knn": 50_000,
    "logistic": 20_000,
    "adaboost": 20_000,
    "gradient-boosting": 20_000,
    "svc": 10_000,  # its time grows with the square of the rows
}

# The same for what learns from clips of sound instead of tables.
SOUND_MODELS: Mapping[str, str] = {
    "cnn": "our small convolutional net with band statistics, on chunks of 5 s, taught under noise, echo and narrow bands",
    "classic-cnn": "two convolutions and a dense layer of 64 on the whole clip, for comparison with published figures",
    "classic-ffnn": "its feed-forward counterpart, for comparison with published figures",
}
