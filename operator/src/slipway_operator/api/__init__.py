"""The custom resource: its models, its rules, and what is generated from them.

The pydantic models are the only source of the API. They say what a user may write and what the
defaults are; they must not know how any of it is carried out.
"""

GROUP = "serving.slipway.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "ModelDeployment"
PLURAL = "modeldeployments"
SINGULAR = "modeldeployment"
SHORT_NAME = "mdeploy"
CATEGORY = "slipway"
