"""A sound pipeline as a document, with a bit of everything, and ways to spoil it."""

from __future__ import annotations

import copy

import yaml

from kflite.ir.pipeline import Pipeline
from kflite.ir.read import pipeline

Document = dict[str, object]

SOUND: Document = yaml.safe_load("""
pipelineInfo: {name: sound}
schemaVersion: 2.1.0
root:
  inputDefinitions:
    parameters:
      rate: {parameterType: NUMBER_DOUBLE}
      rounds: {parameterType: NUMBER_INTEGER, defaultValue: 3, isOptional: true}
      sizes: {parameterType: LIST, defaultValue: [1, 2], isOptional: true}
      mode: {parameterType: STRING, defaultValue: fast, isOptional: true, literals: [fast, slow]}
  outputDefinitions:
    parameters:
      score: {parameterType: NUMBER_DOUBLE}
    artifacts:
      model: {artifactType: {schemaTitle: system.Model, schemaVersion: 0.0.1}}
  dag:
    outputs:
      parameters:
        score: {valueFromParameter: {producerSubtask: fit, outputParameterKey: score}}
      artifacts:
        model: {artifactSelectors: [{producerSubtask: fit, outputArtifactKey: model}]}
    tasks:
      load:
        componentRef: {name: comp-load}
        taskInfo: {name: Load the data}
        inputs:
          parameters:
            url: {runtimeValue: {constant: "https://x/{{$.inputs.parameters['pipelinechannel--rounds']}}"}}
            pipelinechannel--rounds: {componentInputParameter: rounds}
      fit:
        componentRef: {name: comp-fit}
        dependentTasks: [load]
        retryPolicy: {maxRetryCount: 2, backoffDuration: 1s, backoffFactor: 2.0}
        triggerPolicy: {condition: "inputs.parameter_values['rate'] > 0.0"}
        inputs:
          parameters:
            rate: {componentInputParameter: rate}
            rows: {taskOutputParameter: {producerTask: load, outputParameterKey: rows}}
          artifacts:
            data: {taskOutputArtifact: {producerTask: load, outputArtifactKey: data}}
      each:
        componentRef: {name: comp-each}
        parameterIterator: {items: {inputParameter: sizes}, itemInput: size}
        iteratorPolicy: {parallelismLimit: 2}
        inputs:
          parameters:
            sizes: {componentInputParameter: sizes}
      last:
        componentRef: {name: comp-last}
        dependentTasks: [fit]
        triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}
        inputs:
          parameters:
            status: {taskFinalStatus: {producerTask: fit}}
components:
  comp-load:
    executorLabel: exec-load
    inputDefinitions: {parameters: {url: {parameterType: STRING}}}
    outputDefinitions:
      parameters: {rows: {parameterType: NUMBER_INTEGER}}
      artifacts: {data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}
  comp-fit:
    executorLabel: exec-fit
    inputDefinitions:
      parameters:
        rate: {parameterType: NUMBER_DOUBLE}
        rows: {parameterType: NUMBER_INTEGER}
        note: {parameterType: STRING, isOptional: true}
      artifacts: {data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}
    outputDefinitions:
      parameters: {score: {parameterType: NUMBER_DOUBLE}}
      artifacts: {model: {artifactType: {schemaTitle: my.OwnType, schemaVersion: 0.0.1}}}
  comp-each:
    inputDefinitions: {parameters: {size: {parameterType: NUMBER_INTEGER}, sizes: {parameterType: LIST}}}
    dag:
      tasks:
        load:
          componentRef: {name: comp-load}
          inputs: {parameters: {url: {componentInputParameter: size}}}
  comp-last:
    executorLabel: exec-last
    inputDefinitions: {parameters: {status: {parameterType: TASK_FINAL_STATUS}}}
deploymentSpec:
  executors:
    exec-load:
      container:
        image: alpine
        command: [sh, -c, "fetch $0", "{{$.inputs.parameters['url']}}"]
        args: ["{{$.outputs.artifacts['data'].path}}", "{{$.outputs.parameters['rows'].output_file}}"]
        env: [{name: MODE, value: fast}]
        resources: {resourceCpuLimit: 500m, resourceMemoryLimit: 1Gi}
    exec-fit:
      container:
        image: alpine
        command: [fit, "{{$.inputs.artifacts['data'].path}}", "{{$.outputs.artifacts['model'].uri}}"]
        args: ['{"IfPresent": {"InputName": "note", "Then": ["--note", "{{$.inputs.parameters[''note'']}}"]}}', "{{$}}"]
    exec-last: {container: {image: alpine, command: [echo]}}
""")


# What the platform document says of kubernetes, with a setting of every kind.
PLATFORM: Document = yaml.safe_load("""
deploymentSpec:
  executors:
    exec-fit:
      secretAsEnv:
        - secretNameParameter: {runtimeValue: {constant: s}}
          keyToEnv: [{secretKey: k, envVar: K}]
          optional: false
      secretAsVolume:
        - {"secretName": "s", "mountPath": "/s"}
      configMapAsVolume:
        - configMapNameParameter: {taskOutputParameter: {producerTask: load, outputParameterKey: rows}}
          mountPath: /m
      pvcMount:
        - {"pvcNameParameter": {"componentInputParameter": "mode"}, "mountPath": "/p", "subPath": "q"}
        - {taskOutputParameter: {producerTask: load, outputParameterKey: rows}, mountPath: /q}
      emptyDirMounts:
        - {"volumeName": "e", "mountPath": "/e", "medium": "Memory", "sizeLimit": "1Gi"}
      genericEphemeralVolume:
        - {"volumeName": "g", "mountPath": "/g", "accessModes": ["ReadWriteOnce"], "size": "1Gi", "defaultStorageClass": true}
      enabledSharedMemory: {"volumeName": "shm", "size": "1Gi"}
      fieldPathAsEnv:
        - {"name": "POD", "fieldPath": "metadata.name"}
      nodeSelector: {"labels": {"a": "b"}, "nodeSelectorJson": {"runtimeValue": {"constant": {"a": 1}}}}
      nodeAffinity:
        - {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}], "weight": 5.0}
      podAffinity:
        - {"matchPodLabels": {"a": "b"}, "topologyKey": "zone", "anti": true, "weight": 1}
      tolerations:
        - {"key": "a", "operator": "Exists", "tolerationSeconds": "5"}
      podMetadata: {"labels": {"a": "b"}, "annotations": {"c": "d"}}
      imagePullSecret:
        - {"secretName": "s"}
      imagePullPolicy: "Always"
      activeDeadlineSeconds: "60"
      securityContext: {"runAsUser": "0", "runAsGroup": 1000, "runAsNonRoot": false}
pipelineConfig:
  workspace: {"size": "1Gi", "kubernetes": {"pvcSpecPatch": {"storageClassName": "fast"}}}
  resourceTtlOnCompletion: 10
  activeDeadlineSeconds: 60
""")


def spoiled(changes: dict[str, object]) -> Document:
    """The sound document with values put at slash-separated paths; a value of `...` removes the key."""
    document = copy.deepcopy(SOUND)
    for path, value in changes.items():
        *parents, last = path.split("/")
        place: Document = document
        for parent in parents:
            place = place.setdefault(parent, {})  # type: ignore[assignment]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return document


def sound(changes: dict[str, object] | None = None) -> Pipeline:
    """The document, spoiled or not, as a pipeline."""
    return pipeline([spoiled(changes or {})], "test.yaml")  # type: ignore[list-item]
