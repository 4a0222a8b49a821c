"""Parameters from `params.yaml`, settings from the environment: nothing is configured in code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


def load_params(path: Path = Path("params.yaml")) -> dict[str, Any]:
    """The parameters of the pipeline."""
    params: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return params


@dataclass(frozen=True)
class Settings:
    """What differs between a laptop, CI and production."""

    model_uri: str
    log_level: str

    @staticmethod
    def from_environment() -> Settings:
        return Settings(
            model_uri=os.environ.get("MODEL_URI", "models:/churn@champion"),
            log_level=os.environ.get("LOG_LEVEL", "INFO"),
        )
