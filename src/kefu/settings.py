"""Settings of the Kedro project."""

from omegaconf.resolvers import oc

from kefu.config_loader import PresetConfigLoader
from kefu.experiments.live_curves import LiveCurvesHooks
from kefu.hooks import CheckpointHooks, MissingInputHooks, ProgressHooks, ProvenanceHooks


def version_root(versioned: bool) -> str:
    """Return the folder for outputs that are versioned, or for those that are not: they may not share a path."""
    return "versions" if versioned else "current"


# hooks that come later are called first, so that checkpoints are cleared while ProgressHooks is in the project's folder
HOOKS = (MissingInputHooks(), ProvenanceHooks(), ProgressHooks(), LiveCurvesHooks(), CheckpointHooks())
CONFIG_LOADER_CLASS = PresetConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # an environment overrides single parameters of a group and keeps the others
    "merge_strategy": {"parameters": "soft"},
    "custom_resolvers": {
        # Kedro leaves this one to credentials; an environment may say where its tickets lie, too
        "oc.env": oc.env,
        "version_root": version_root,
    },
}
