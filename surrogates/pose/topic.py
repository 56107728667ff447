"""What the topic pose hands over to the registry."""

from surrogates.pose.models import POSE_MODELS

MODELS = POSE_MODELS
