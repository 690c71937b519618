"""Settings of the Kedro project."""

from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

from kefu.hooks import ProgressHooks

HOOKS = (ProgressHooks(),)
CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # an environment overrides single parameters of a group and keeps the others
    "merge_strategy": {"parameters": "soft"},
    # Kedro leaves this one to credentials; an environment may say where its tickets lie, too
    "custom_resolvers": {"oc.env": oc.env},
}
