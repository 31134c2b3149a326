"""Importers whose URI and metadata are put together from what only the run knows."""

from kflite import dsl


@dsl.component
def name() -> str:
    return "b.txt"


@dsl.component
def read(data: dsl.Input[dsl.Dataset]) -> dict:
    with open(data.path) as file:
        return {"text": file.read(), "metadata": data.metadata}


@dsl.pipeline
def imports(folder: str, n: int = 3) -> dict:
    file = name()
    metadata = {"file": f"<{file.output}>", f"n-{n}": [n, {"deep": file.output}]}
    made = dsl.importer(artifact_uri=f"{folder}/{file.output}", artifact_class=dsl.Dataset, metadata=metadata)
    return read(data=made.output).output


def test_an_artifact_is_imported_from_a_uri_that_the_run_makes(run_each, tmp_path):
    (tmp_path / "b.txt").write_text("hello")
    found = run_each(imports, folder=str(tmp_path)).outputs["Output"]
    assert found == {"text": "hello", "metadata": {"file": "<b.txt>", "n-3": [3, {"deep": "b.txt"}]}}
