"""What paths are for, for whatever treats some of them differently. Routing is not done here."""

import re
from typing import Final

HEALTH: Final = re.compile(r"/v2/health/(?:live|ready)|/v2/models/[^/]+(?:/versions/[^/]+)?/ready")
METRICS: Final = re.compile(r"/metrics")
PREDICTION: Final = re.compile(
    r"/predict(?:/batch)?|/v2/models/[^/]+(?:/versions/[^/]+)?/infer", re.DOTALL
)
