"""The optimized integrations that AWS documents: their actions, and the patterns of each.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the page of each service
"""

from __future__ import annotations

from dataclasses import dataclass

_REQUEST = ("",)
_JOB = ("", "sync")
_TOKEN = ("", "waitForTaskToken")


@dataclass(frozen=True, slots=True)
class Optimized:
    """One service: botocore's name, each action's patterns, and the prefixes of its errors.

    `modelled` tells that its parameters are those of the API. The prefixes are those of the SDK for Java 1;
    empty where no documentation tells them.
    """

    botocore: str
    actions: dict[str, tuple[str, ...]]
    prefixes: tuple[str, ...] = ()
    modelled: bool = True


OPTIMIZED = {
    "apigateway": Optimized("", {"invoke": _TOKEN}, ("ApiGateway",), modelled=False),
    "athena": Optimized(
        "athena",
        {
            "startQueryExecution": _JOB,
            "stopQueryExecution": _REQUEST,
            "getQueryExecution": _REQUEST,
            "getQueryResults": _REQUEST,
        },
        ("Athena",),
    ),
    "batch": Optimized("batch", {"submitJob": ("", "sync", "waitForTaskToken")}, ("Batch",)),
    "bedrock": Optimized(
        "bedrock",
        {"invokeModel": _TOKEN, "createModelCustomizationJob": _JOB},
        ("Bedrock", "BedrockRuntime"),
        modelled=False,
    ),
    "codebuild": Optimized(
        "codebuild",
        {
            "startBuild": _JOB,
            "stopBuild": _REQUEST,
            "batchDeleteBuilds": _REQUEST,
            "batchGetReports": _REQUEST,
            "startBuildBatch": _JOB,
            "stopBuildBatch": _REQUEST,
            "retryBuildBatch": _JOB,
            "deleteBuildBatch": _REQUEST,
        },
        ("CodeBuild",),
    ),
    "databrew": Optimized("databrew", {"startJobRun": _JOB}, ("DataBrew",)),
    "dynamodb": Optimized(
        "dynamodb",
        dict.fromkeys(("getItem", "putItem", "updateItem", "deleteItem"), _REQUEST),
        ("DynamoDB",),
    ),
    "ecs": Optimized("ecs", {"runTask": ("", "sync", "waitForTaskToken")}, ("ECS", "AmazonECS")),
    "eks": Optimized(
        "eks",
        {
            **dict.fromkeys(("createCluster", "deleteCluster", "createNodegroup", "deleteNodegroup"), _JOB),
            **dict.fromkeys(("createFargateProfile", "deleteFargateProfile", "runJob"), _JOB),
            "call": _REQUEST,
        },
        ("EKS",),
        modelled=False,
    ),
    "elasticmapreduce": Optimized(
        "",
        {
            **dict.fromkeys(("createCluster", "terminateCluster", "addStep"), _JOB),
            **dict.fromkeys(("cancelStep", "setClusterTerminationProtection"), _REQUEST),
            **dict.fromkeys(("modifyInstanceFleetByName", "modifyInstanceGroupByName"), _REQUEST),
        },
        modelled=False,
    ),
    "emr-containers": Optimized(
        "emr-containers",
        {"createVirtualCluster": _REQUEST, "deleteVirtualCluster": _JOB, "startJobRun": _JOB},
    ),
    "emr-serverless": Optimized(
        "emr-serverless",
        {
            **dict.fromkeys(("createApplication", "startApplication", "stopApplication"), _JOB),
            **dict.fromkeys(("deleteApplication", "startJobRun", "cancelJobRun"), _JOB),
        },
    ),
    "events": Optimized("events", {"putEvents": _TOKEN}, ("EventBridge", "AmazonEventBridge")),
    "glue": Optimized("glue", {"startJobRun": _JOB}, ("Glue",)),
    "http": Optimized("", {"invoke": _REQUEST}, modelled=False),
    "lambda": Optimized("lambda", {"invoke": _TOKEN}, ("Lambda",)),
    "mediaconvert": Optimized("mediaconvert", {"createJob": _JOB}),
    "sagemaker": Optimized(
        "sagemaker",
        {
            **dict.fromkeys(("createEndpoint", "createEndpointConfig", "createModel"), _REQUEST),
            **dict.fromkeys(("updateEndpoint",), _REQUEST),
            **dict.fromkeys(("createHyperParameterTuningJob", "createLabelingJob"), _JOB),
            **dict.fromkeys(("createProcessingJob", "createTrainingJob", "createTransformJob"), _JOB),
        },
        ("SageMaker",),
    ),
    "sns": Optimized("sns", {"publish": _TOKEN}, ("SNS",)),
    "sqs": Optimized("sqs", {"sendMessage": _TOKEN}, ("SQS",)),
    "states": Optimized(
        "stepfunctions",
        {"startExecution": ("", "sync", "sync:2", "waitForTaskToken")},
        ("StepFunctions",),
    ),
}
