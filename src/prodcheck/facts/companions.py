"""Which distributions always bring others along.

An import that only works because something declared happens to require it should be declared too, but it fails nobody
today: it deserves a softer voice than a package that a fresh environment lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

BRINGS_ALONG: Mapping[str, str] = {
    "accelerate": "huggingface-hub numpy packaging psutil pyyaml safetensors torch",
    "allennlp": "h5py nltk numpy requests scikit-learn scipy spacy tensorboardx torch tqdm transformers",
    "azureml-sdk": "azureml-core azureml-pipeline azureml-train requests",
    "boto3": "botocore jmespath s3transfer",
    "catboost": "matplotlib numpy pandas plotly scipy",
    "datasets": "dill huggingface-hub numpy pandas pyarrow pyyaml requests tqdm",
    "evidently": "numpy pandas plotly pyyaml requests scikit-learn scipy",
    "fastapi": "pydantic starlette typing-extensions",
    "fastai": "matplotlib pandas pillow pyyaml requests scikit-learn scipy torch torchvision",
    "gensim": "numpy scipy smart-open",
    "gradio": "fastapi numpy pandas pillow pydantic pyyaml uvicorn",
    "gym": "cloudpickle numpy",
    "gymnasium": "cloudpickle numpy",
    "imbalanced-learn": "joblib numpy scikit-learn scipy",
    "jupyter": "ipykernel ipython ipywidgets jinja2 nbconvert nbformat notebook",
    "jupyterlab": "ipykernel ipython jinja2 nbconvert nbformat notebook",
    "notebook": "ipykernel ipython jinja2 nbconvert nbformat",
    "jax": "numpy scipy",
    "librosa": "audioread joblib numba numpy scikit-learn scipy soundfile",
    "lightgbm": "numpy scipy",
    "lightning": "lightning-utilities packaging pyyaml pytorch-lightning torch torchmetrics tqdm",
    "matplotlib": "cycler numpy packaging pillow pyparsing python-dateutil",
    "mlflow": "cloudpickle flask matplotlib numpy packaging pandas pyarrow pyyaml requests scikit-learn sqlalchemy",
    "nltk": "click joblib regex tqdm",
    "numba": "numpy",
    "opencv-contrib-python": "numpy",
    "opencv-python": "numpy",
    "opencv-python-headless": "numpy",
    "optuna": "alembic colorlog numpy pyyaml sqlalchemy tqdm",
    "pandas": "numpy python-dateutil pytz",
    "pycaret": "joblib lightgbm matplotlib numpy pandas plotly scikit-learn scipy",
    "pydantic": "typing-extensions",
    "pytorch-lightning": "lightning-utilities packaging pyyaml torch torchmetrics tqdm typing-extensions",
    "sagemaker": "boto3 cloudpickle numpy pandas protobuf pyyaml requests",
    "scikit-image": "imageio networkx numpy pillow scipy tifffile",
    "scikit-learn": "joblib numpy scipy threadpoolctl",
    "scipy": "numpy",
    "seaborn": "matplotlib numpy pandas",
    "sentence-transformers": "huggingface-hub numpy scikit-learn scipy torch tqdm transformers",
    "shap": "cloudpickle numba numpy pandas scikit-learn scipy tqdm",
    "spacy": "jinja2 numpy packaging pydantic requests tqdm typer",
    "statsmodels": "numpy pandas patsy scipy",
    "streamlit": "altair numpy pandas pillow pyarrow requests",
    "tensorboard": "absl-py markdown numpy protobuf werkzeug",
    "tensorflow": "absl-py h5py keras numpy protobuf requests six tensorboard wrapt",
    "tensorflow-gpu": "absl-py h5py keras numpy protobuf six tensorboard wrapt",
    "torch": "jinja2 networkx typing-extensions",
    "torchvision": "numpy pillow torch",
    "torchaudio": "torch",
    "torchtext": "numpy requests torch tqdm",
    "transformers": "huggingface-hub numpy packaging pyyaml regex requests safetensors tokenizers tqdm",
    "ultralytics": "matplotlib numpy opencv-python pandas pillow pyyaml requests scipy torch torchvision tqdm",
    "wandb": "click psutil protobuf pyyaml requests",
    "xgboost": "numpy scipy",
    "yellowbrick": "cycler matplotlib numpy scikit-learn scipy",
}


def bringer(distributions: Collection[str], declared: Collection[str]) -> str:
    """A declared distribution that always requires one of `distributions`, at some remove; empty when none does."""
    for name in sorted(declared):
        seen, waiting = {name}, [name]
        while waiting:
            for other in BRINGS_ALONG.get(waiting.pop(), "").split():
                if other in distributions:
                    return name
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
    return ""
