"""Pipelines of components out of documents; see corpus.py."""

# ruff: noqa: UP006, UP035 - kfp reads this too

from typing import List

from kflite import components, dsl
from kflite.dsl import Dataset, Output

VERSION_1 = """
name: Train The Model
description: Trains it.
inputs:
- {name: Input Data, type: Dataset}
- {name: Num Steps, type: Integer, default: '100', optional: true}
- {name: rate, type: Float, default: '0.5'}
- {name: flag, type: Bool, default: 'true'}
- {name: names, type: JsonArray, default: '["a"]'}
- {name: conf, type: JsonObject}
- {name: note, type: String, optional: true}
- {name: untyped}
- {name: csv, type: CSV}
- {name: typed, type: {GCSPath: {data_type: CSV}}}
outputs:
- {name: Model Out, type: Model}
- {name: score, type: Float}
- {name: out untyped}
implementation:
  container:
    image: alpine
    command: [sh, -c, 'echo "$0" "$@"', --data, {inputPath: Input Data}, {inputValue: Num Steps}]
    args:
    - {concat: ['--rate=', {inputValue: rate}]}
    - if:
        cond: {isPresent: note}
        then: [--note, {inputValue: note}, {inputPath: Input Data}]
        else: [--none]
    - if:
        cond: {isPresent: Num Steps}
        then: [--steps, {concat: [a, {inputValue: Num Steps}]}]
    - --model
    - {outputPath: Model Out}
    - {outputPath: score}
    - {inputUri: Input Data}
    - {outputUri: Model Out}
    - {inputPath: csv}
    - {inputValue: names}
    - {inputValue: conf}
    - {outputPath: out untyped}
    env: {A: b}
"""

COMPONENT = """
pipelineInfo: {name: shout}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
components:
  comp-shout:
    executorLabel: exec-shout
    inputDefinitions:
      parameters:
        text: {parameterType: STRING}
        times: {parameterType: NUMBER_INTEGER, defaultValue: 2.0, isOptional: true}
    outputDefinitions:
      parameters:
        Output: {parameterType: STRING}
      artifacts:
        data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}
deploymentSpec:
  executors:
    exec-shout:
      container:
        image: alpine
        command: [sh, -c, 'echo "$0"', "{{$.inputs.parameters['text']}}"]
        args: ["{{$.outputs.artifacts['data'].path}}", "{{$.outputs.parameters['Output'].output_file}}"]
root:
  dag:
    outputs:
      parameters:
        Output: {valueFromParameter: {outputParameterKey: Output, producerSubtask: shout}}
      artifacts:
        data: {artifactSelectors: [{outputArtifactKey: data, producerSubtask: shout}]}
    tasks:
      shout:
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-shout}
        inputs:
          parameters:
            text: {componentInputParameter: text}
            times: {componentInputParameter: times}
        taskInfo: {name: shout}
  inputDefinitions:
    parameters:
      text: {parameterType: STRING}
      times: {parameterType: NUMBER_INTEGER, defaultValue: 2.0, isOptional: true}
  outputDefinitions:
    parameters:
      Output: {parameterType: STRING}
    artifacts:
      data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}
"""

PIPELINE = """
pipelineInfo: {name: maybe}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
components:
  comp-condition-1:
    dag:
      tasks:
        say-2:
          cachingOptions: {enableCache: true}
          componentRef: {name: comp-say-2}
          inputs: {parameters: {text: {componentInputParameter: pipelinechannel--say-Output}}}
          taskInfo: {name: say-2}
    inputDefinitions:
      parameters:
        pipelinechannel--n: {parameterType: NUMBER_INTEGER}
        pipelinechannel--say-Output: {parameterType: STRING}
  comp-say:
    executorLabel: exec-say
    inputDefinitions: {parameters: {text: {parameterType: STRING}}}
    outputDefinitions: {parameters: {Output: {parameterType: STRING}}}
  comp-say-2:
    executorLabel: exec-say-2
    inputDefinitions: {parameters: {text: {parameterType: STRING}}}
    outputDefinitions: {parameters: {Output: {parameterType: STRING}}}
deploymentSpec:
  executors:
    exec-say: {container: {image: alpine, command: [echo, "{{$.inputs.parameters['text']}}"]}}
    exec-say-2: {container: {image: alpine, command: [print, "{{$.inputs.parameters['text']}}"]}}
root:
  dag:
    outputs:
      parameters:
        Output: {valueFromParameter: {outputParameterKey: Output, producerSubtask: say}}
    tasks:
      condition-1:
        componentRef: {name: comp-condition-1}
        dependentTasks: [say]
        inputs:
          parameters:
            pipelinechannel--n: {componentInputParameter: n}
            pipelinechannel--say-Output: {taskOutputParameter: {outputParameterKey: Output, producerTask: say}}
        taskInfo: {name: condition-1}
        triggerPolicy: {condition: "int(inputs.parameter_values['pipelinechannel--n']) == 1"}
      say:
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-say}
        inputs: {parameters: {text: {runtimeValue: {constant: hello}}}}
        taskInfo: {name: say}
  inputDefinitions:
    parameters:
      n: {parameterType: NUMBER_INTEGER, defaultValue: 1.0, isOptional: true}
    artifacts:
      data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}, isOptional: true}
  outputDefinitions:
    parameters:
      Output: {parameterType: STRING}
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-say-2: {imagePullPolicy: Always}
"""

train_the_model = components.load_component_from_text(VERSION_1)
shout = components.load_component_from_text(COMPONENT)
maybe = components.load_component_from_text(PIPELINE)


@dsl.component
def save(data: Output[Dataset], words: List[str] = ["a"]): ...  # noqa: B006


@dsl.pipeline
def of_version_1(n: int = 3):
    made = save()
    train_the_model(
        input_data=made.outputs["data"],
        num_steps=n,
        conf={"a": n},
        untyped=made.outputs["data"],
        csv=made.outputs["data"],
        typed=made.outputs["data"],
    ).set_cpu_limit("2").set_env_variable("B", "c")


@dsl.pipeline
def of_components(text: str) -> str:
    first = shout(text=text)
    shout(text=first.outputs["Output"], times=3).set_memory_limit("1G").set_retry(2)
    return first.outputs["Output"]


@dsl.pipeline
def of_pipelines(n: int = 2):
    made = save()
    first = maybe(n=n, data=made.outputs["data"])
    maybe().after(first)
    shout(text=first.output)
    with dsl.ParallelFor([1, 2]) as item:
        maybe(n=item)
