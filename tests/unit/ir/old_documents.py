"""A job of Vertex AI with a pipeline of schema 2.0.0, as kfp 1.8 wrote it, and the same pipeline in 2.1.0."""

from __future__ import annotations

import yaml

Document = dict[str, object]

OLD_JOB: Document = yaml.safe_load("""
runtimeConfig:
  gcsOutputDirectory: gs://bucket/root
  parameters: {count: {intValue: '3'}, rate: {doubleValue: 0.5}, names: {stringValue: '["a"]'}}
pipelineSpec:
  pipelineInfo: {name: old}
  schemaVersion: 2.0.0
  sdkVersion: kfp-1.8.22
  root:
    inputDefinitions: {parameters: {count: {type: INT}, rate: {type: DOUBLE}, names: {type: STRING}}}
    dag:
      tasks:
        flip:
          componentRef: {name: comp-flip}
          inputs:
            parameters:
              sure: {runtimeValue: {constantValue: {intValue: '1'}}}
              times: {runtimeValue: {constantValue: {stringValue: '3'}}}
              text: {runtimeValue: {constantValue: {stringValue: "n {{$.inputs.parameters['pipelineparam--count']}}"}}}
              pipelineparam--count: {componentInputParameter: count}
        condition-1:
          componentRef: {name: comp-condition-1}
          triggerPolicy:
            condition: >-
              inputs.parameters['pipelineparam--flip-Output'].string_value == 'heads'
              && inputs.parameters['pipelineparam--count'].int_value > 2
          inputs:
            parameters:
              pipelineparam--count: {componentInputParameter: count}
              pipelineparam--flip-Output: {taskOutputParameter: {producerTask: flip, outputParameterKey: Output}}
        importer:
          componentRef: {name: comp-importer}
          inputs: {parameters: {uri: {runtimeValue: {constantValue: {stringValue: /data}}}}}
        last:
          componentRef: {name: comp-last}
          dependentTasks: [condition-1]
          triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}
          inputs: {parameters: {status: {taskFinalStatus: {producerTask: condition-1}}}}
  components:
    comp-flip:
      executorLabel: exec-flip
      inputDefinitions: {parameters: {sure: {type: STRING}, times: {type: INT}, text: {type: STRING}}}
      outputDefinitions: {parameters: {Output: {type: STRING}}}
    comp-condition-1:
      inputDefinitions: {parameters: {pipelineparam--flip-Output: {type: STRING}, pipelineparam--count: {type: INT}}}
      dag: {tasks: {again: {componentRef: {name: comp-again}}}}
    comp-again: {executorLabel: exec-flip}
    comp-importer:
      executorLabel: exec-importer
      inputDefinitions: {parameters: {uri: {type: STRING}}}
      outputDefinitions: {artifacts: {artifact: {artifactType: {schemaTitle: system.Dataset}}}}
    comp-last: {executorLabel: exec-flip, inputDefinitions: {parameters: {status: {type: STRING}}}}
  deploymentSpec:
    executors:
      exec-flip: {container: {image: alpine, command: [echo, pipelineparam--]}}
      exec-importer: {importer: {artifactUri: {constantValue: {stringValue: /data}}, typeSchema: {schemaTitle: system.Dataset}}}
""")  # fmt: skip

NEW: Document = yaml.safe_load("""
pipelineInfo: {name: old}
schemaVersion: 2.1.0
sdkVersion: kfp-1.8.22
root:
  inputDefinitions:
    parameters:
      count: {parameterType: NUMBER_INTEGER, defaultValue: 3, isOptional: true}
      rate: {parameterType: NUMBER_DOUBLE, defaultValue: 0.5, isOptional: true}
      names: {parameterType: STRING, defaultValue: '["a"]', isOptional: true}
  dag:
    tasks:
      flip:
        componentRef: {name: comp-flip}
        inputs:
          parameters:
            sure: {runtimeValue: {constant: '1'}}
            times: {runtimeValue: {constant: 3}}
            text: {runtimeValue: {constant: "n {{$.inputs.parameters['pipelinechannel--count']}}"}}
            pipelinechannel--count: {componentInputParameter: count}
      condition-1:
        componentRef: {name: comp-condition-1}
        triggerPolicy:
          condition: >-
            inputs.parameter_values['pipelinechannel--flip-Output'] == 'heads'
            && int(inputs.parameter_values['pipelinechannel--count']) > 2
        inputs:
          parameters:
            pipelinechannel--count: {componentInputParameter: count}
            pipelinechannel--flip-Output: {taskOutputParameter: {producerTask: flip, outputParameterKey: Output}}
      importer: {componentRef: {name: comp-importer}, inputs: {parameters: {uri: {runtimeValue: {constant: /data}}}}}
      last:
        componentRef: {name: comp-last}
        dependentTasks: [condition-1]
        triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}
        inputs: {parameters: {status: {taskFinalStatus: {producerTask: condition-1}}}}
components:
  comp-flip:
    executorLabel: exec-flip
    inputDefinitions:
      parameters: {sure: {parameterType: STRING}, times: {parameterType: NUMBER_INTEGER}, text: {parameterType: STRING}}
    outputDefinitions: {parameters: {Output: {parameterType: STRING}}}
  comp-condition-1:
    inputDefinitions:
      parameters: {pipelinechannel--flip-Output: {parameterType: STRING}, pipelinechannel--count: {parameterType: NUMBER_INTEGER}}
    dag: {tasks: {again: {componentRef: {name: comp-again}}}}
  comp-again: {executorLabel: exec-flip}
  comp-importer:
    executorLabel: exec-importer
    inputDefinitions: {parameters: {uri: {parameterType: STRING}}}
    outputDefinitions: {artifacts: {artifact: {artifactType: {schemaTitle: system.Dataset}}}}
  comp-last: {executorLabel: exec-flip, inputDefinitions: {parameters: {status: {parameterType: TASK_FINAL_STATUS}}}}
deploymentSpec:
  executors:
    exec-flip: {container: {image: alpine, command: [echo, pipelineparam--]}}
    exec-importer: {importer: {artifactUri: {constant: /data}, typeSchema: {schemaTitle: system.Dataset}}}
""")  # fmt: skip
