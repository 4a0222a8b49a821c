"""Credentials: what is found, what is left alone, and that no value ever leaves the extractor."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prodcheck.checks.secrets import hardcoded_secret, secret_file_committed, secret_in_notebook
from prodcheck.config import Config
from prodcheck.extract import notebook
from prodcheck.extract.run import extract_all
from prodcheck.extract.secrets import Secret, extract, filters, formats, hashes, keywords, letters, plugins, prefilter
from prodcheck.extract.secrets.samples import KINDS, SHAPES, sample
from prodcheck.facts import Facts
from prodcheck.model import Confidence
from prodcheck.repository.base import Entry
from prodcheck.repository.memory import MemoryRepository

CONTEXTUAL = {"password", "database-url", "comet"}
"""Kinds that only their surroundings give away."""


def find(path: str, text: str | bytes) -> tuple[Secret, ...]:
    data = text if isinstance(text, bytes) else text.encode()
    book = notebook.extract(path, data) if path.endswith(".ipynb") else None
    return extract(path, data, book)


def book(*cells: tuple[str, object], metadata: object = None) -> bytes:
    """A notebook of (source, outputs) cells; an output is text or a whole output mapping."""
    made = []
    for source, outputs in cells:
        listed = outputs if isinstance(outputs, list) else [outputs] if outputs else []
        shown = [o if isinstance(o, dict) else {"output_type": "stream", "name": "stdout", "text": o} for o in listed]
        made.append({"cell_type": "code", "metadata": {}, "execution_count": 1, "source": source, "outputs": shown})
    return json.dumps(
        {"cells": made, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    ).encode()


def facts(files: dict[str, str | bytes], untracked: tuple[str, ...] = ()) -> Facts:
    class Repository(MemoryRepository):
        @property
        def files(self) -> tuple[Entry, ...]:
            return tuple(Entry(e.path, e.size, tracked=e.path not in untracked) for e in super().files)

    repository = Repository(files)
    return Facts(repository, extract_all(repository), Config(), ())


# What is found


@pytest.mark.parametrize("kind", sorted(set(SHAPES) - CONTEXTUAL))
def test_a_token_under_its_usual_name_is_certain(kind: str) -> None:
    found = find("train.py", f'import os\n\n{SHAPES[kind].name} = "{sample(kind)}"\n')
    assert [(s.location.line, s.confidence) for s in found] == [(3, Confidence.HIGH)]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("client.py", 'client = Client({lower}="{value}")\n'),
        ("client.ts", "const client = new Client({{ {lower}: '{value}' }})\n"),
        (".env", "{name}={value}\n"),
        ("conf/base.yaml", "service:\n  {lower}: {value}\n"),
        ("run.sh", "export {name}={value}\n"),
        ("README.md", "```\nexport {name}={value}\n```\n"),
        ("Dockerfile", "FROM python:3.12\nENV {name}={value}\n"),
        ("config.json", '{{"{lower}": "{value}"}}\n'),
    ],
)
def test_every_kind_is_found_wherever_people_leave_it(kind: str, path: str, text: str) -> None:
    name = SHAPES[kind].name if kind in SHAPES else "SIGNING_TOKEN"
    value = sample(kind, "7")
    if path.endswith(".json"):
        value = json.dumps(value)[1:-1]
    assert find(path, text.format(name=name, lower=name.lower(), value=value))


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("run.sh", "wandb login {wandb}\n", "Weights & Biases API key"),
        ("nb.py", "wandb.login(key='{wandb}')\n", "Weights & Biases API key"),
        ("run.sh", "curl -u admin:{password} https://x.acme.io\n", "Password on a command line"),
        ("run.sh", "mysql --host db --password {password}\n", "Password"),
        ("a.py", "headers = {{'Authorization': 'Bearer {database-url-password}'}}\n", "Bearer token"),
        ("init.sql", "ALTER USER app IDENTIFIED BY '{password}';\n", "Password in SQL"),
        ("a.sh", "ngrok authtoken 2{comet}_{comet}\n", "Secret"),
        ("a.py", "server.login('bot@acme.io', '{password}')\n", "Password of a mail account"),
        ("a.py", "json.dump({{'username': 'ada', 'key': '{kaggle}'}}, f)\n", "Kaggle API key"),
        ("a.py", "subscription_key = '{kaggle}'\n", "Secret"),
        (
            "a.py",
            "client = MongoClient('mongodb+srv://ada:lovelace1815@c0.x1y2.mongodb.net/db')\n",
            "Password in a URL",
        ),
        ("a.py", "db = connect(os.environ.get('DB_PASSWORD', '{password}'))\n", "Password"),
        ("a.py", "password: str = Field('{password}')\n", None),
        ("a.py", "class S:\n    password: SecretStr = SecretStr('{password}')\n", "Password"),
        ("c.cs", 'var c = "Server=db.acme.io;User=app;Password={password};";\n', "Password"),
        ("settings.py", "SECRET_KEY = 'k3!v(w^_t[qBR29954x)HI+$zhwss*xYNQzu([xcWMzdzzr'\n", "Secret"),
    ],
)
def test_contexts_that_give_a_credential_away(path: str, text: str, kind: str | None) -> None:
    values = {k: sample(k) for k in ("wandb", "password", "comet", "kaggle")}
    values["database-url-password"] = "x7" + sample("comet") + "q9"
    found = find(path, text.format(**values))
    assert [s.kind for s in found] == ([kind] if kind else [])


def test_a_location_is_the_line_also_in_other_encodings() -> None:
    text = f"# ключ\n\ntoken = '{sample('huggingface')}'\n"
    for data in (text.encode(), text.encode("utf-16"), text.encode("utf-8-sig"), text.replace("\n", "\r\n").encode()):
        assert [s.location.line for s in find("a.py", data)] == [3]


def test_a_google_key_in_a_web_page_is_made_to_be_seen() -> None:
    key = sample("google-api")
    page = f"const firebaseConfig = {{\n  apiKey: '{key}',\n  authDomain: 'churn.firebaseapp.com',\n}};\n"
    assert [s.confidence for s in find("web/app.js", page)] == [Confidence.LOW]
    assert [s.confidence for s in find("train.py", f"genai.configure(api_key='{key}')\n")] == [Confidence.HIGH]


def test_private_key_needs_a_body() -> None:
    key = sample("pem")
    head, tail = key.split("\n")[0], key.split("\n")[-1]
    assert [s.location.line for s in find("deploy.py", f"x = 1\nKEY = '''{key}'''\n")] == [2]
    assert find("deploy.py", "KEY = " + json.dumps(key))
    body = key.split("\n")[1]
    for example in (
        head,
        f"{head}\n...\n{tail}",
        f"{head}\n{body}\n...\n{body}\n{tail}",
        f"{head}\n<your key>\n{tail}",
    ):
        assert not find("docs.md", example)
    encrypted = key.replace(head, f"{head}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF00FF\n")
    assert not find("keys/a.txt", encrypted)


# What is left alone


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "pad_token = '[PAD]'\neos_token = '<|endoftext|>'\nmax_tokens = 4096\nunk_token='UNK2'\n"),
        ("a.py", "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased-v2')\ntoken_type='Bearer2x9'\n"),
        ("a.py", "expected = {'VidTokEncoder3D', 'VidTokDecoder3D', 'MiniMaxH3TokenRefinerBlock'}\n"),
        ("a.py", "token = 'pointnet2_charlesmsg_debug_ShapeNetDataset.pickle'\n"),
        (
            "a.py",
            "password = os.environ['DB_PASSWORD']\napi_key = config.get('api_key')\nsecret = get_secret('a1b2')\n",
        ),
        ("a.py", "password = getpass('Password for db1: ')\nPASSWORD_FIELD = 'password_field_1'\n"),
        (
            "a.py",
            "secret_name = 'prod/churn/db-credentials-v2'\nsecret_arn = 'arn:aws:secretsmanager:eu-1:1:secret:x'\n",
        ),
        ("a.py", "api_key = 'YOUR_API_KEY_HERE_123'\ntoken = 'xxxxxxxxxxxx1234'\npassword = 'changeme123'\n"),
        ("a.py", "password = 'p@ssw0rd'\nsecret = 's3cr3t'\npassword='test1234'\n"),
        ("a.py", "key = 'feature_store_v2'\ncache_key = 'a1b2c3d4e5f6'\nprimary_key = 'customer_id_9x2'\n"),
        ("a.yaml", "password: ${DB_PASSWORD}\ntoken: {{ vault_token }}\nsecret: <fill in>\npassword: !vault x9\n"),
        ("README.md", "postgresql://user:password@localhost:5432/db and https://user:pass@example.com\n"),
        ("README.md", "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE\n"),
        ("app.js", "const key = 'pk_live_" + "4f3a9c1d2b7e8f6a5c4d3e2f'\nposthog.init('phc_" + "x' )\n"),
        ("a.md", "[![cov](https://codecov.io/gh/a/b/badge.svg?token=HOI5LD0VWF)](https://codecov.io/gh/a/b)\n"),
        ("a.json", '{"url": "https://b.s3.amazonaws.com/x.png?X-Amz-Credential=AK' + 'IAVCODYLSA53PQK4ZA%2F2025"}\n'),
        ("data.csv", "user,token\n1,ghp_" + "a8Kd92LmQx71ZpVbN4Rt6YwEc3Hf5Js0Gu2i\n"),
        ("locales/de.yml", "password: Passw0rt1x\n"),
        ("poetry.lock", f'token = "{sample("wandb")}"\n'),
        ("a.conf", "password: $2a$10$LoRPzN3GtF2pNX5QgCBBHeUr6/zVN./RVGOu5U8SpHyg2sfzvfXji\n"),
        ("a.py", "connection_string = 'localhost:7000,localhost:7001'\n"),
        ("secret.yaml", "sops:\n  mac: ENC[AES256_GCM,data:x9]\npassword: k39Sx!pQ2\n"),
        (".env.example", "OPENAI_API_KEY=\nDB_PASSWORD=changeme\n"),
        (".env", "COMPOSE_PROJECT_NAME=churn\nPOSTGRES_PASSWORD=changethis\nLOG_LEVEL=info\n"),
        ("a.py", "assert title == 'Bearer of bad news' and kind == 'Basic authentication1'\n"),
    ],
)
def test_left_alone(path: str, text: str) -> None:
    assert find(path, text) == ()


@pytest.mark.parametrize("word", "password sunshine databricks production_config authentication".split())
def test_words_are_not_odd(word: str) -> None:
    assert letters.oddness(word) < 4.3 < letters.oddness("xkqvzjwp") < letters.oddness("qxzkvjqx") + 1


# Decisions that were taken elsewhere


@pytest.mark.parametrize(
    "comment", ["pragma: allowlist secret", "pragma: whitelist secret", "gitleaks:allow", "nosec", "nosec B105"]
)
def test_a_comment_on_the_line_allows_it(comment: str) -> None:
    token = sample("github")
    assert find("a.py", f"TOKEN = '{token}'  # {comment}\n")[0].allowed
    assert not find("a.py", f"# {comment}\n\nTOKEN = '{token}'\n")[0].allowed


def test_a_comment_above_allows_the_next_line_only() -> None:
    token = sample("github")
    text = f"# pragma: allowlist nextline secret\nA_TOKEN = '{token}'\nB_TOKEN = '{token}'\n"
    assert [bool(s.allowed) for s in find("a.py", text)] == [True, False]


def test_allowed_values_are_evidence_and_no_finding() -> None:
    outcome = hardcoded_secret(facts({"a.py": f"TOKEN = '{sample('github')}'  # gitleaks:allow\n"}), {})
    assert outcome.score == 1.0 and not outcome.hits
    assert [e.location.line for e in outcome.evidence if e.location] == [1]


def test_gitleaksignore() -> None:
    code = f"x = 1\nTOKEN = '{sample('github')}'\n"
    for line in ("src/a.py:github-pat:2", f"{'ab' * 20}:src/a.py:github-pat:2  # old"):
        assert hardcoded_secret(facts({"src/a.py": code, ".gitleaksignore": line + "\n"}), {}).score == 1.0
    assert hardcoded_secret(facts({"src/a.py": code, ".gitleaksignore": "src/b.py:github-pat:2\n"}), {}).score == 0.0


def test_detect_secrets_baseline_goes_by_value_and_not_by_line() -> None:
    code = f"PASSWORD = '{sample('password')}'\n"
    digest = hashes("a.py", code.encode(), None)[0]

    def baseline(path: str, **entry: object) -> str:
        return json.dumps({"version": "1.5.0", "results": {path: [{"hashed_secret": digest, **entry}]}})

    moved = "import os\n\n\n" + code
    assert hardcoded_secret(facts({"a.py": moved, ".secrets.baseline": baseline("a.py", line_number=1)}), {}).score == 1
    assert (
        hardcoded_secret(facts({"a.py": moved, ".secrets.baseline": baseline("b.py", line_number=1)}), {}).score == 0.5
    )
    real = baseline("a.py", line_number=4, is_secret=True)
    assert hardcoded_secret(facts({"a.py": moved, ".secrets.baseline": real}), {}).score == 0.5


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"results": []}', '{"results": {"a.py": {"x": 1}}}', "[" * 9999])
def test_a_broken_baseline_allows_nothing(broken: str) -> None:
    files = {"a.py": f"TOKEN = '{sample('github')}'\n", ".secrets.baseline": broken}
    assert hardcoded_secret(facts(files), {}).score == 0.0


# Notebooks


def test_notebook_sources_outputs_and_errors() -> None:
    token = sample("aws")
    data = book(
        ("x = 1", None),
        (f"import os\nos.environ['AWS_ACCESS_KEY_ID'] = '{token}'", None),
        ("show(config)", f"config:\n  id: {token}\n"),
        ("go()", {"output_type": "error", "ename": "E", "evalue": f"bad key {token}", "traceback": []}),
        ("df", {"output_type": "display_data", "metadata": {}, "data": {"text/html": f"<b>{token}</b>"}}),
    )
    found = find("model.ipynb", data)
    assert [(s.location.cell, s.location.cell_line, s.where) for s in found] == [
        (2, 2, "source"), (3, None, "output"), (4, None, "output"), (5, None, "output"),
    ]  # fmt: skip
    lines = data.decode().split("\n")
    assert all(token in lines[s.location.line - 1] for s in found if s.location.line)


def test_images_and_widgets_are_not_read_but_metadata_is() -> None:
    token = sample("github")
    image = {"output_type": "display_data", "metadata": {}, "data": {"image/png": token, "text/plain": "<Figure>"}}
    widgets = {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"a": token}}}}
    assert find("model.ipynb", book(("plot()", image), metadata=widgets)) == ()
    hosted = find("model.ipynb", book(("x = 1", None), metadata={"hosted": {"url": "x", "auth": token}}))
    assert [s.where for s in hosted] == ["metadata"]


def test_what_a_program_prints_is_not_judged_by_names() -> None:
    assert find("m.ipynb", book(("run()", f"password: k39Sxx!pQ2z\ntoken = {sample('kaggle')}\n"))) == ()


def test_an_unreadable_notebook_is_searched_for_tokens_only() -> None:
    broken = f'{{"cells": [ "password = k39Sxx!pQ2z", "{sample("github")}"'
    assert [s.kind for s in find("m.ipynb", broken)] == ["GitHub token"]


def test_notebook_rule_does_not_apply_without_notebooks() -> None:
    assert not secret_in_notebook(facts({"a.py": "x = 1\n"}), {}).applicable


# Files that hold credentials


def kubernetes(value: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: {value}\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".netrc", "machine api.acme.io login bot password hunter22\n"),
        (".pgpass", "db.acme.io:5432:churn:app:hunter22\n"),
        ("web/.htpasswd", "admin:$apr1$tp8glkbm$fjg65tI1eipoBh62aEjIy0\n"),
        (".git-credentials", "https://bot:hunter22@github.com\n"),
        (".docker/config.json", json.dumps({"auths": {"x": {"auth": base64.b64encode(b"bot:hunter22").decode()}}})),
        (".npmrc", f"//npm.example.org/:_authToken={sample('npm')}\n"),
        ("kaggle.json", json.dumps({"username": "ada", "key": sample("kaggle")})),
        ("sftp-config.json", '{"host": "x.acme.io", "password": "hunter22"}\n'),
        (".env", "DB_PASSWORD=hunter22\n"),
        ("k8s/secret.yaml", kubernetes(base64.b64encode(b"kF93-sQz7!").decode())),
        ("keys/id_rsa", sample("pem")),
        ("sa-service-account.json", json.dumps({"type": "service_account", "private_key": sample("pem")})),
    ],
)
def test_credential_files_by_what_they_hold(path: str, text: str) -> None:
    outcome = secret_file_committed(facts({path: text, "a.py": "x = 1\n"}), {})
    if path.startswith("k8s"):
        outcome = hardcoded_secret(facts({path: text}), {})
    assert outcome.score is not None and outcome.score < 1
    assert {hit.location.path for hit in outcome.hits if hit.location} == {path}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", ""),
        (".env", "COMPOSE_PROJECT_NAME=x\nSECRET_KEY=changethis\nAPI_KEY=<your key>\nTOKEN=${TOKEN}\n"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQG\n"),
        (".npmrc", "//npm.example.org/:_authToken=${NPM_TOKEN}\nalways-auth=true\n"),
        ("k8s/secret.yaml", kubernetes("{{ .Values.password | b64enc }}")),
        ("k8s/sealed.yaml", kubernetes("AgBy8hCi8kF93sQz7").replace("kind: Secret", "kind: SealedSecret")),
        ("credentials.json", '{"installed": {"client_id": "123.apps.googleusercontent.com"}}'),
        ("vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n6231643365\n"),
    ],
)
def test_harmless_files_with_frightening_names(path: str, text: str) -> None:
    made = facts({path: text})
    assert secret_file_committed(made, {}).score == 1.0
    assert hardcoded_secret(made, {}).score == 1.0


def test_a_local_env_file_is_told_and_does_not_count() -> None:
    outcome = secret_file_committed(facts({".env": f"TOKEN={sample('github')}\n"}, untracked=(".env",)), {})
    assert outcome.score == 1.0
    assert [e.detail for e in outcome.evidence] == [".env holds credentials and is not tracked yet"]
    untracked = hardcoded_secret(facts({"a.py": f"TOKEN = '{sample('github')}'\n"}, untracked=("a.py",)), {})
    assert untracked.confidence is not Confidence.HIGH


# How much it counts


def test_levels() -> None:
    def outcome(path: str, kind: str, name: str = "DB_PASSWORD") -> tuple[float | None, Confidence]:
        found = hardcoded_secret(facts({path: f"{name} = '{sample(kind)}'\n"}), {})
        return found.score, found.confidence

    assert outcome("src/a.py", "github") == (0.0, Confidence.HIGH)
    assert outcome("src/a.py", "password") == (0.5, Confidence.MEDIUM)
    assert outcome("tests/test_a.py", "github") == (0.5, Confidence.MEDIUM)
    assert outcome("tests/test_a.py", "password") == (0.75, Confidence.LOW)
    assert outcome("examples/a.py", "github") == (0.0, Confidence.HIGH)
    key = secret_file_committed(facts({"tests/server.key": sample("pem")}), {})
    assert (key.score, key.confidence) == (0.75, Confidence.LOW)


def test_vendored_files_are_somebody_elses() -> None:
    assert hardcoded_secret(facts({"third_party/x/a.py": f"T = '{sample('github')}'\n"}), {}).score == 1.0


# Nothing leaks


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_part_of_a_value_leaves_the_extractor(kind: str) -> None:
    name = SHAPES[kind].name if kind in SHAPES else "SIGNING_TOKEN"
    value = sample(kind)
    texts: list[tuple[str, str | bytes]] = [
        ("a.py", f'{name} = """{value}"""\n'),
        (".env", f"{name}={value}\n"),
        ("m.ipynb", book((f"{name}='{value}'", value))),
    ]
    rolled = value.split(":")[2].split("@")[0] if kind == "database-url" else value[12:]
    for path, text in texts:
        found = find(path, text)
        assert found
        assert not any(rolled[i : i + 5] in repr(found) for i in range(len(rolled) - 5))
        made = facts({path: text})
        for check in (hardcoded_secret, secret_in_notebook, secret_file_committed):
            assert rolled[:8] not in repr(check(made, {}))


def test_the_identity_survives_moved_lines_and_is_no_hash() -> None:
    line = f"PASSWORD = '{sample('password')}'\n"
    first, moved = find("a.py", line)[0], find("a.py", "import os\n\n" + line)[0]
    other = find("a.py", f"PASSWORD = '{sample('password', 'x')}'\n")[0]
    assert first.identity == moved.identity == other.identity == "Password:PASSWORD:1"
    assert len({s.identity for s in find("a.py", line + "x = 1\n" + line)}) == 2


@pytest.mark.parametrize("options", [(), ("-v",), ("--format", "json"), ("--format", "json", "-v")])
def test_no_byte_of_any_report_holds_a_planted_value(tmp_path: Path, options: tuple[str, ...]) -> None:
    planted = {kind: sample(kind, "planted") for kind in SHAPES}
    code = "".join(f'{SHAPES[kind].name}_{n} = "{value}"\n' for n, (kind, value) in enumerate(planted.items()))
    files = {
        "train.py": code + "model.fit(x, y)\n",
        ".env": "".join(f"{SHAPES[kind].name}={value}\n" for kind, value in planted.items()),
        "model.ipynb": book((code, code)).decode(),
        "README.md": code,
        "tests/test_a.py": code,
        "broken.py": code + "def (:\n",
        "broken.ipynb": "{" + code,
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "prodcheck", str(tmp_path), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Hugging Face token" in done.stdout
    written = done.stdout + done.stderr
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.relative_to(tmp_path).as_posix() not in files:
            written += path.read_bytes().decode("latin-1")
    for kind, value in planted.items():
        secret = value.split("@")[0][-14:] if kind == "database-url" else value[-14:]
        assert secret not in written, kind


# Cost


CLEAN = """
from prodcheck.extract.secrets import extract
for path, text in (("train.py", "tokenizer.pad_token = 'x'\\npassword = os.environ['P']\\n# a token, api_key\\n"),
                   ("README.md", "Set `OPENAI_API_KEY=sk-...` and the password to `changeme`.\\n")):
    assert not extract(path, text.encode(), None)
import sys
assert not any(name.startswith(("detect_secrets", "requests")) for name in sys.modules), "imported"
"""


def test_a_repository_without_candidates_never_imports_detect_secrets() -> None:
    subprocess.run([sys.executable, "-c", CLEAN], check=True)


def test_detect_secrets_decides_on_the_formats_it_knows() -> None:
    code = (
        "import sys\nfrom prodcheck.extract.secrets import extract\n"
        "from prodcheck.extract.secrets.samples import sample\n"
        "assert extract('a.py', ('T = \"' + sample('github') + '\"').encode(), None)\n"
        "assert 'detect_secrets.plugins.github_token' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_our_formats_work_as_a_plugin_of_detect_secrets() -> None:
    from prodcheck.extract.secrets.detect_secrets_plugin import MachineLearningTokenDetector

    token = sample("huggingface")
    plugin = MachineLearningTokenDetector()
    assert list(plugin.analyze_string(f'login("{token}")')) == [token]
    assert list(plugin.analyze_string("hf_" + "x" * 34)) == []


NASTY = (
    "password=", "token: '", "://a:", "eyJ", "T3BlbkFJ", "-----BEGIN PRIVATE KEY-----\\n", "AAAA/", "identified by ",
    "create user ", "curl -u ", "sig=", '"key": "', "Basic ", "password" * 3 + " ", "= ", "\\\\'", "wandb.login(",
    "hf_",
)  # fmt: skip


@pytest.mark.parametrize("piece", ["password=", "token: '", "://a:", "eyJ", "sk-T3BlbkFJ", "curl -u ", "create user "])
def test_time_grows_linearly_with_the_length_of_a_line(piece: str) -> None:
    def seconds(length: int) -> float:
        data = (piece * (length // len(piece) + 1))[:length].encode()
        start = time.process_time()
        extract("a.conf", data, None)
        return time.process_time() - start

    small, large = max(seconds(100_000), 0.01), seconds(1_000_000)
    assert large < 20 * small + 0.5


pieces = st.one_of(
    st.sampled_from(NASTY),
    st.sampled_from(sorted(KINDS)).map(sample),
    st.text(max_size=30),
    st.sampled_from(["\n", "\r\n", "\0", '"', "'", "=", ":", " ", "\\", "# nosec", "\ufeff", "\ud800"]),
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(pieces, max_size=25).map("".join),
    st.sampled_from(["a.py", ".env", "b.yaml", "c.md", ".netrc", "c.go"]),
)
def test_any_text_is_read_without_a_crash(text: str, path: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    found = extract(path, data, None)
    assert found == extract(path, data, None)
    assert all(s.location.line and 1 <= s.location.line <= data.count(b"\n") + 1 for s in found)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=12).map("".join), st.lists(pieces, max_size=6).map("".join))
def test_any_notebook_is_read_without_a_crash(source: str, output: str) -> None:
    data = book((source, output), metadata={"x": output})
    for secret in find("m.ipynb", data):
        assert secret.where in ("source", "output", "metadata")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_format_finds_what_its_pattern_describes(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from([f for f in formats.FORMATS if not f.before and not f.plugin]))
    body = form.pattern.replace(formats._START, "").replace(formats._END, "")
    made = data.draw(st.from_regex(body.encode(), fullmatch=True))
    match = form.compiled().fullmatch(made)
    assume(match)
    assert match
    value = (match["v"] if "v" in match.groupdict() else made).decode()
    assume(not filters.is_fake_token(value) and filters.entropy(value) >= form.entropy)
    assert find("a.py", f'call("{made.decode()}")\n')


@given(st.binary(max_size=300), st.lists(st.sampled_from([b"key", b"sk-", b"ey", b"a", b"password"]), unique=True))
def test_the_prefilter_finds_every_occurrence(data: bytes, words: list[bytes]) -> None:
    lower = data.lower()
    expected = [(i, w) for w in words for i in range(len(lower)) if lower.startswith(w, i)]
    assert sorted(prefilter.hits(lower, words)) == sorted(expected)


@given(
    st.lists(
        st.sampled_from(["auth", "token", "_ids", "s", " ", "=", ":", "(", ",", '"', "'", "]", "--", "abcd", "!", "\\"])
    )
)
def test_the_first_look_at_a_name_misses_no_value(parts: list[str]) -> None:
    data = "".join(parts).encode()
    for reading in ("code", "configuration", "prose"):
        for at, word in prefilter.hits(data, keywords.WORDS):
            if not keywords.may_bind(data, at):
                assert keywords.binding(data, at, word, reading) is None


def test_values_without_quotes_are_known_where_detect_secrets_knows_them() -> None:
    from detect_secrets.plugins import keyword

    for suffix in ".py .js .java .go .m .cs .c .cpp .eyaml .cf .tf .swift .cls .php .ts .rs .ipynb".split():
        quotes = plugins.keyword_patterns(f"a{suffix}") is keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP
        assert quotes is not suffix.endswith(plugins.KNOWS_BARE)


@given(st.lists(st.sampled_from(["a" * 19, "Z9_-" * 5, "x.y" * 10, " ", "/", "é", "\n", "b"])).map("".join))
def test_the_prefilter_finds_every_long_run(text: str) -> None:
    data = text.encode()
    assert list(prefilter.runs(data)) == [m.start() for m in re.finditer(rb"[A-Za-z0-9_.-]{20,}", data)]
