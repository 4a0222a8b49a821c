"""Are the cloud resources that a project needs declared in versioned code, so that they can be made again?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from prodcheck.extract.python_model import Call, PythonFacts
from prodcheck.facts import Facts
from prodcheck.facts.facts import once
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

PRESENT, CLUSTER, SCRIPTED, COMPOSED = 0.6, 0.5, 0.3, 0.1
PINNED, STATE, PARAMETERS, LEAKED = 0.2, 0.1, 0.1, 0.6
"""What is added for pinned providers, remote state and parameterised environments; what a committed state costs."""

SDK = "SDK"
"""Name of what deploys models through the library of a platform, which makes most of what they need by itself."""


@dataclass(frozen=True)
class _Tool:
    """One tool of infrastructure as code, as it is used here."""

    name: str
    base: float
    evidence: Evidence
    pinned: float = 0.0
    state: bool = False
    parameters: bool = False

    @property
    def score(self) -> float:
        return self.base + self.pinned + STATE * self.state + PARAMETERS * self.parameters

    @property
    def lacking(self) -> str:
        said = []
        if self.name == SDK:
            said.append("it deploys, and the roles, buckets and endpoints around it are declared nowhere")
        elif self.base == CLUSTER:
            said.append("the cluster itself is not declared")
        elif self.base == SCRIPTED:
            said.append("what it makes is declared nowhere")
        if self.base >= PRESENT:
            if self.pinned < PINNED:
                said.append("provider versions are not locked")
            if not self.state:
                said.append("the state is not kept remotely")
            if not self.parameters:
                said.append("environments are not parameterised")
        return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def no_infrastructure_as_code(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """The best declaration of infrastructure, for projects that use a cloud at all."""
    tools = sorted(_tools(facts), key=lambda tool: -tool.score)
    platforms = list(_platforms(facts))
    uses = list(_cloud_uses(facts))
    declared = [tool for tool in tools if tool.base >= CLUSTER]
    if not declared and not uses:
        if platforms:
            return Outcome(
                1.0, tuple(platforms[:3]), reason=f"the platform is configured in the repository: {_said(platforms[0])}"
            )
        return Outcome.not_applicable("nothing is deployed to or made in a cloud here")
    leaked = _state_file(facts)
    if tools:
        best = tools[0]
        score = round(max(0.0, best.score - (LEAKED if leaked else 0.0)), 4)
        evidence = tuple(dict.fromkeys([tool.evidence for tool in tools]))[:4]
        if leaked:
            reason = f"{leaked} is committed: the state of {best.name}, secrets included"
            return Outcome(score, evidence, (Hit(Location(leaked), reason, identity="state"),), reason)
        if score >= 0.9995:
            return Outcome(
                1.0, evidence, reason=f"{best.name} declares the infrastructure, pinned and with remote state"
            )
        reason = f"{best.evidence.detail}: {best.lacking}" if best.base < PRESENT else f"{best.name}: {best.lacking}"
        softer = Severity.MINOR if best.name == SDK else None
        return Outcome(
            score, evidence, (Hit(best.evidence.location, reason, identity="partly", severity=softer),), reason
        )
    if platforms:
        return Outcome(
            1.0, tuple(platforms[:3]), reason=f"the platform is configured in the repository: {_said(platforms[0])}"
        )
    first = uses[0]
    reason = f"a cloud is used ({_said(first)}) and nothing declares its resources"
    hit = Hit(first.location, reason, Confidence.MEDIUM, "cloud")
    return Outcome(0.0, tuple(uses[:3]), (hit,), reason, Confidence.MEDIUM)


def _said(evidence: Evidence) -> str:
    return f"{evidence.detail}, {evidence.location}" if evidence.location else evidence.detail


# Tools


def _tools(facts: Facts) -> Iterator[_Tool]:
    own = [path for path in facts.files if facts.role(path) is Role.CODE and "/.terraform/" not in f"/{path}"]
    yield from _terraform(facts, own)
    yield from _cloud_development_kits(facts, own)
    for path in own:
        yield from _by_name(facts, path)
        yield from _by_content(facts, path)
    yield from _scripts(facts, own)


_REMOTE_STATE = lazy_regex(r"^\s*(?:backend\s+\"(?!local)\w+\"|cloud\s*)\s*\{|^\s*remote_state\s*\{", re.MULTILINE)
_TF_VERSIONS = lazy_regex(
    r"required_version\s*=|required_providers\s*\{[^}]{0,5000}\bversion\s*=|\bversion\s*=\s*\"[~=>^]*\s*\d", re.DOTALL
)


_PER_ENVIRONMENT = lazy_regex(
    r"(?:^|/)env(?:ironment)?s?/(?:dev|prod|stag\w*|stg|test|qa)\w*/.*\.tf$|"
    r"(?:config|infra|env)[\w-]*[-_.](?:prod|dev|stag\w*|stg|test|qa)\.(?:ya?ml|json|env|hcl)$"
)
"""Names of files that hold the settings of one environment."""


def _terraform(facts: Facts, own: list[str]) -> Iterator[_Tool]:
    files = [p for p in own if p.endswith((".tf", ".tofu", ".tf.json")) or p.rpartition("/")[2] == "terragrunt.hcl"]
    texts = {path: facts.text(path) for path in files}
    real = [
        p
        for p in files
        if re.search(
            r"^\s*(?:resource|module)\s+\"|^\s*terraform\s*\{\s*source|\"resource\"\s*:", texts[p], re.MULTILINE
        )
    ]
    if not real:
        return
    joined = "\n".join(texts.values())
    versions = _TF_VERSIONS.search(joined) is not None
    locked = any(path.rpartition("/")[2] == ".terraform.lock.hcl" for path in facts.files)
    parameters = (
        any(p.endswith((".tfvars", ".tfvars.json")) for p in facts.files)
        or "terraform.workspace" in joined
        or "${path_relative_to_include" in joined
        or _anywhere(facts, r"-var-file|TF_WORKSPACE|workspace select|TF_VAR_")
        or any(_PER_ENVIRONMENT.search(path) for path in facts.files)
    )
    first = min(real, key=lambda p: (p.count("/"), p.rpartition("/")[2] != "main.tf", p))
    count = len(real)
    evidence = Evidence(f"Terraform in {count} file{'s' * (count != 1)}", Location(first, 1), Strength.CONFIGURED)
    pinned = PINNED / 2 * versions + PINNED / 2 * locked
    yield _Tool("Terraform", PRESENT, evidence, pinned, _REMOTE_STATE.search(joined) is not None, parameters)


def _anywhere(facts: Facts, pattern: str) -> bool:
    """Whether a task or CI step says something."""
    for path, file in facts.files.items():
        if (file.tasks or file.pipeline) and facts.role(path) is Role.CODE and re.search(pattern, facts.text(path)):
            return True
    return False


_JS_LOCKS = frozenset(["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb"])


def _cloud_development_kits(facts: Facts, own: list[str]) -> Iterator[_Tool]:
    """Tools that are programs: AWS CDK, CDKTF, Pulumi, SST."""
    locked = any(p.rpartition("/")[2] in _JS_LOCKS for p in facts.files) or bool(facts.dependencies.locks)
    for path in own:
        name = path.rpartition("/")[2]
        if name in ("cdk.json", "cdktf.json") or re.fullmatch(r"sst\.config\.\w+", name):
            what = {"cdk.json": "AWS CDK", "cdktf.json": "CDK for Terraform"}.get(name, "SST")
            evidence = Evidence(f"{what} application", Location(path, 1), Strength.CONFIGURED)
            context = facts.files[path].document
            parameters = bool(context and context.find("context")) or _cdk_parameters(facts, posixpath.dirname(path))
            yield _Tool(what, PRESENT, evidence, PINNED * locked, True, parameters)
        elif name in ("Pulumi.yaml", "Pulumi.yml"):
            folder = posixpath.dirname(path)
            stacks = [p for p in own if re.fullmatch(r"Pulumi\.[\w-]+\.ya?ml", p.rpartition("/")[2])]
            stacks = [p for p in stacks if posixpath.dirname(p) == folder]
            local = "file://" in facts.text(path)
            evidence = Evidence("Pulumi project", Location(path, 1), Strength.CONFIGURED)
            yield _Tool("Pulumi", PRESENT, evidence, PINNED * locked, not local, bool(stacks))


_CDK_PARAMETER = lazy_regex(r"CfnParameter|process\.env|os\.environ|tryGetContext|try_get_context|\bstage\b")


def _cdk_parameters(facts: Facts, folder: str) -> bool:
    return any(
        _CDK_PARAMETER.search(facts.text(path))
        for path in facts.files
        if path.startswith(folder) and path.endswith((".ts", ".py")) and facts.role(path) is Role.CODE
    )


def _by_name(facts: Facts, path: str) -> Iterator[_Tool]:
    name = path.rpartition("/")[2]
    place = Location(path, 1)

    def tool(what: str, base: float, pinned: float, state: bool, parameters: bool) -> _Tool:
        return _Tool(what, base, Evidence(f"{what} ({name})", place, Strength.CONFIGURED), pinned, state, parameters)

    if name.endswith(".bicep"):
        text = facts.text(path)
        if re.search(r"^\s*(?:resource|module)\s", text, re.MULTILINE):
            yield tool("Bicep", PRESENT, PINNED, True, bool(re.search(r"^\s*param\s", text, re.MULTILINE)))
    elif name == "Chart.yaml":
        folder = posixpath.dirname(path)
        values = [p for p in facts.files if p.startswith(folder) and re.search(r"/values[\w.-]+\.ya?ml$", p)]
        yield tool("Helm chart", CLUSTER, PINNED, True, bool(values))
    elif name in ("kustomization.yaml", "kustomization.yml"):
        overlays = "overlays" in path or any("/overlays/" in p for p in facts.files)
        yield tool("Kustomize", CLUSTER, PINNED, True, overlays)
    elif name.endswith((".pkr.hcl", ".nomad.hcl", ".nomad")):
        yield tool("HashiCorp configuration", PRESENT, 0.0, True, False)
    elif re.fullmatch(r"serverless[\w.-]*\.ya?ml", name):
        text = facts.text(path)
        yield tool("Serverless Framework", PRESENT, PINNED * ("frameworkVersion" in text), True, "stage" in text)
    elif name in ("azure.yaml", "azure.yml") and re.search(
        r"^(?:services|infra|name):", facts.text(path), re.MULTILINE
    ):
        yield tool("Azure Developer CLI", PRESENT, PINNED, True, True)
    elif path.startswith("copilot/") and name == "manifest.yml":
        yield tool("AWS Copilot", PRESENT, PINNED, True, "environments:" in facts.text(path))
    elif name in ("skaffold.yaml", "skaffold.yml"):
        yield tool("Skaffold", CLUSTER, PINNED, True, "profiles:" in facts.text(path))


_KUBERNETES = frozenset(
    "Deployment StatefulSet DaemonSet Job CronJob Service Ingress Pod ConfigMap InferenceService SeldonDeployment "
    "RayService RayCluster HorizontalPodAutoscaler Workflow WorkflowTemplate".split()
)
_AZURE_ML = lazy_regex(
    r"azureml.*(?:workspace|compute|amlCompute|Endpoint|Deployment|datastore|registry)\.schema\.json", re.IGNORECASE
)


def _by_content(facts: Facts, path: str) -> Iterator[_Tool]:
    document = facts.files[path].document
    if document is None or document.format not in ("yaml", "json"):
        return
    name = path.rpartition("/")[2]
    for part in document.parts:
        if isinstance(part, list) and part and all(isinstance(p, dict) and "hosts" in p for p in part):
            if any("tasks" in p or "roles" in p for p in part):
                evidence = Evidence("Ansible playbook", Location(path, 1), Strength.CONFIGURED)
                yield _Tool(
                    "Ansible", PRESENT, evidence, 0.0, True, _anywhere(facts, r"ansible-playbook.*-i|inventory")
                )
            return
        if not isinstance(part, dict):
            continue
        yield from _template(path, part, name)
        kind, version = str(part.get("kind", "")), str(part.get("apiVersion", ""))
        if (
            "crossplane.io" in version
            or "cnrm.cloud.google.com" in version
            or (version == "argoproj.io/v1alpha1" and kind == "Application")
        ):
            yield _Tool(f"{kind}", PRESENT, Evidence(f"{version} {kind}", Location(path, 1)), PINNED, True, False)
        elif kind in _KUBERNETES and version and "spec" in part:
            evidence = Evidence(f"Kubernetes {kind}", Location(path, 1), Strength.CONFIGURED)
            yield _Tool("Kubernetes manifests", CLUSTER, evidence)
        if _AZURE_ML.search(str(part.get("$schema", ""))):
            evidence = Evidence("Azure ML resource", Location(path, 1), Strength.CONFIGURED)
            yield _Tool("Azure ML YAML", PRESENT, evidence, PINNED / 2, True, False)
        if isinstance(part.get("bundle"), dict) and name.startswith("databricks"):
            evidence = Evidence("Databricks bundle", Location(path, 1), Strength.CONFIGURED)
            pinned = PINNED if "databricks_cli_version" in part["bundle"] else PINNED / 2
            yield _Tool("Databricks bundle", PRESENT, evidence, pinned, True, isinstance(part.get("targets"), dict))
        if re.fullmatch(r"(?:docker-)?compose[\w.-]*\.ya?ml", name) and isinstance(part.get("services"), dict):
            yield _Tool("Compose", COMPOSED, Evidence("Compose file", Location(path, 1), Strength.CONFIGURED))


def _template(path: str, part: Mapping[str, object], name: str) -> Iterator[_Tool]:
    """CloudFormation, SAM, ARM."""
    resources = part.get("Resources")
    aws = isinstance(resources, dict) and any(
        isinstance(r, dict) and str(r.get("Type", "")).startswith(("AWS::", "Alexa::", "Custom::"))
        for r in resources.values()
    )
    if aws:
        what = "AWS SAM" if "Serverless" in str(part.get("Transform", "")) else "CloudFormation"
        evidence = Evidence(f"{what} template", Location(path, 1), Strength.CONFIGURED)
        yield _Tool(what, PRESENT, evidence, PINNED, True, isinstance(part.get("Parameters"), dict))
    elif "deploymentTemplate.json" in str(part.get("$schema", "")) and isinstance(part.get("resources"), list | dict):
        evidence = Evidence("ARM template", Location(path, 1), Strength.CONFIGURED)
        yield _Tool("ARM template", PRESENT, evidence, PINNED, True, isinstance(part.get("parameters"), dict))


_IMPERATIVE = lazy_regex(
    r"\b(?:az\s+(?!login|account|configure|extension)[\w-]+(?:\s+[\w-]+){0,3}\s+create\b|aws\s+[\w-]+\s+(?:create|run|put)-[\w-]+|"
    r"gcloud\s+(?:\w[\w-]*\s+){1,4}(?:create|deploy)\b|eksctl\s+create|eb\s+(?:create|init)|gsutil\s+mb|aws\s+s3\s+mb|"
    r"kubectl\s+(?:create|apply)\b|doctl\s+\w+\s+\w*\s*create|ibmcloud\s+\w+\s+[\w-]*create)"
)


def _scripts(facts: Facts, own: list[str]) -> Iterator[_Tool]:
    """Commands and programs that make resources one after the other: versioned at least, and not repeatable."""
    creating = _creators(facts)
    for path in own:
        file = facts.files[path]
        for task in file.tasks:
            for target in task.targets:
                for line, text in target.commands:
                    match = _IMPERATIVE.search(re.sub(r"(?m)^\s*#.*$", "", text))
                    if match:
                        at = line + text.count("\n", 0, text.find(match[0]) if match[0] in text else 0)
                        yield _Tool("Scripts", SCRIPTED, Evidence(f"a script runs {match[0][:50]}", Location(path, at)))
                        return
        call = _creating(file.python) if file.python and path in creating else None
        if call is not None:
            evidence = Evidence(f"a program calls {call.name.removeprefix('?.')[:60]}", Location(path, call.line))
            managed = _MANAGED.match(call.name) is not None
            yield _Tool(SDK if managed else "Programs", SCRIPTED, evidence)
            return


def _state_file(facts: Facts) -> str:
    for path, file in facts.files.items():
        if (
            re.search(r"\.tfstate(?:\.backup)?$", path)
            and file.tracked
            and facts.role(path) is Role.CODE
            and file.size > 0
        ):
            return path
    return ""


# Whether a cloud is used, and platforms that are configured by a file in the repository

_CREATES = lazy_regex(
    r"boto3\..*\.(?:create_(?!presigned|multipart|tags|dataset_import)\w+|run_instances|put_bucket_\w+|start_instances|"
    r"register_task_definition|start_training_job)|"
    r"sagemaker\.(?:\w+\.)*\w+\(\)\.(?:deploy|fit|transformer|upsert|register|create)|"
    r"sagemaker\.(?:\w+\.)*(?:\w*Model|\w*Estimator|\w*Processor|SKLearn|PyTorch|TensorFlow|XGBoost|HuggingFace|Pipeline)|"
    r"azure\.ai\.ml\.MLClient\(\)\..*create_or_update|azureml\.core\.(?:.*\.)?(?:Workspace\.create|Model\.deploy|"
    r"ComputeTarget\.create|compute\.\w+\.provisioning_configuration|Webservice\.deploy\w*)|azure\.mgmt\..*|"
    r"google\.cloud\.aiplatform\.(?:\w+\(\)\.deploy|Endpoint\.create|Custom\w*Job|Model\.upload|PipelineJob|AutoML\w+)|"
    r"google\.cloud\.\w+\.\w*Client\(\)\.create_\w+|googleapiclient\..*|(?:aws_cdk|pulumi_(?:aws|azure|gcp)\w*)\..*|"
    r"kubernetes\.client\..*\.create_namespaced_\w+"
)
_MAKES = lazy_regex(r"^(?:deploy|create|fit|upsert|register|transformer|run|start|begin|put)")
_MANAGED = lazy_regex(r"sagemaker\.|azure\.ai\.ml\.|azureml\.|google\.cloud\.aiplatform\.")
_PAAS = lazy_regex(
    r"\b(?:vercel|netlify|heroku|fly(?:ctl)?|railway|render|modal|hf|huggingface-cli|streamlit|gh-pages|mkdocs)\b"
)
_CLOUD_COMMAND = lazy_regex(
    r"^(?:az|aws|gcloud|kubectl|helm|eksctl|eb|sam|cdk|terraform|tofu|terragrunt|pulumi|serverless|sls|copilot|databricks|"
    r"ansible-playbook|skaffold|argocd|oc|ibmcloud|oci|chalice|zappa)\b"
)
_REGISTRY = lazy_regex(r"\.dkr\.ecr\.|gcr\.io/|\.pkg\.dev/|\.azurecr\.io")
_README_COMMAND = lazy_regex(
    r"^\s*\$?\s*((?:aws\s+(?:ec2|ecs|ecr|lambda|sagemaker|cloudformation|eks|elasticbeanstalk)\s+[a-z-]+|"
    r"gcloud\s+(?:run|app|functions|ai|compute|container|builds)\s+[\w-]+|az\s+(?:webapp|ml|containerapp|container|acr|aks|functionapp)\s+[\w-]+|"
    r"eb\s+(?:init|create|deploy)|kubectl\s+apply|sam\s+deploy|eksctl\s+create).*)$",
    re.MULTILINE,
)


def _creating(python: PythonFacts) -> Call | None:
    """The first call that makes something in a cloud. A client with an address of its own talks to something local."""
    found = list(python.calls.named(_CREATES.fullmatch))
    if any("endpoint_url" in call.keywords for call in python.calls.named(_is_boto) if found):
        found = [call for call in found if not _is_boto(call.name)]
    # An object that describes a model makes nothing yet; the call that does is further down.
    return next((call for call in found if _MAKES.search(call.method)), found[0] if found else None)


def _is_boto(name: str) -> bool:
    return name.startswith("boto3.")


@once
def _creators(facts: Facts) -> frozenset[str]:
    """Files that make something in a cloud."""
    return frozenset(facts.calls.files(_CREATES))


def _cloud_uses(facts: Facts) -> Iterator[Evidence]:
    creating = _creators(facts)
    for path, file in facts.files.items():
        if facts.role(path) is not Role.CODE:
            continue
        python = file.source
        call = _creating(python) if python and path in creating else None
        if call is not None:
            place = file.locate(call.line)
            yield Evidence(f"calls {call.name.removeprefix('?.')[:60]}", place)
    for command in facts.ci.commands:
        line = " ".join(command.argv)
        deploys = "deploy" in command.verbs and not _PAAS.search(line)
        pushes = "publish" in command.verbs and _REGISTRY.search(command.text) is not None
        if (deploys and (_CLOUD_COMMAND.search(line) or _CLOUD_COMMAND.search(command.text))) or pushes:
            step = command.chain[0].location if command.chain else Location(command.pipeline)
            yield Evidence(f"CI runs {command.text.strip()[:60]}", step)
    for path, file in facts.files.items():
        if facts.role(path) is not Role.CODE or file.pipeline is not None:
            continue
        for task in file.tasks:
            for target in task.targets:
                for at, text in target.commands:
                    match = _IMPERATIVE.search(re.sub(r"(?m)^\s*#.*$", "", text))
                    if match:
                        yield Evidence(f"a script runs {match[0][:50]}", Location(path, at))
    for path in facts.files:
        if re.fullmatch(r"(?i)readme\.(?:md|rst|txt)", path):
            text = facts.text(path)
            for match in _README_COMMAND.finditer(text):
                at = text.count("\n", 0, match.start(1)) + 1
                yield Evidence(f"README says {match[1][:50].strip()}", Location(path, at))


_PLATFORM_FILES = {
    "render.yaml": "Render", "fly.toml": "Fly.io", "railway.json": "Railway", "railway.toml": "Railway",
    "app.yaml": "App Engine", "vercel.json": "Vercel", "netlify.toml": "Netlify", "Procfile": "Heroku",
    "heroku.yml": "Heroku", "app.json": "Heroku", "beam.toml": "Beam", "cerebrium.toml": "Cerebrium",
    "apprunner.yaml": "App Runner", "dstack.yml": "dstack", ".dstack.yml": "dstack",
}  # fmt: skip


_MODAL = ("modal.App", "modal.Stub")


def _platforms(facts: Facts) -> Iterator[Evidence]:
    with_modal = frozenset(facts.calls.named(_MODAL))
    for command in facts.ci.having("deploy"):
        match = re.match(r"(?:anyscale|heroku|fly(?:ctl)?|railway|modal|vercel|netlify)\b", " ".join(command.argv))
        if match:
            step = command.chain[0].location if command.chain else Location(command.pipeline)
            yield Evidence(f"CI hands it to {match[0]}", step, Strength.ENFORCED)
    for path, file in facts.files.items():
        if facts.role(path) is not Role.CODE:
            continue
        name = path.rpartition("/")[2]
        document = file.document
        if name in _PLATFORM_FILES and not (name == "app.yaml" and not (document and document.find("runtime"))):
            yield Evidence(f"{_PLATFORM_FILES[name]} runs it", Location(path, 1), Strength.CONFIGURED)
        elif path.lower() == "readme.md":
            head = re.match(r"---\s*\n(.*?)\n---", facts.text(path)[:3000], re.DOTALL)
            if head and re.search(r"^sdk\s*:\s*(?:gradio|streamlit|docker|static)", head[1], re.MULTILINE):
                yield Evidence("a Space of Hugging Face runs it", Location(path, 1), Strength.CONFIGURED)
        python = file.python
        modal = next(python.calls.named(_MODAL.__contains__), None) if python and path in with_modal else None
        if modal is not None:
            yield Evidence("Modal runs it", Location(path, modal.line))
