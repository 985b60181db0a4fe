"""Deploys the orders pipeline to the AWS that the environment points to: an account, or the local AWS.

Deploying twice is the same as deploying once, and a deploy that was cut short is finished by the next one.
Settings of a stage stand in config/STAGE.env (see config/stage.env.example). Exit codes: 0 deployed, 1 not.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from mayfly.console import CommandError, detail, run, step
from mayfly.deploying import artifacts, contracts, images, preflight, products, settings, stacks, stores
from mayfly.deploying.network import network
from mayfly.stage import BOOTSTRAP_STACK, Stage, outputs_of, parser_of
from mayfly.template import BOOTSTRAP, ORDERS, ROOT, load, pack

ATTEMPTS = 3  # at the stack that all stages share
PRODUCTS = ROOT / "data" / "products" / "sample_products.csv"
CONTRACT = ROOT / "data" / "contracts" / "orders.schema.json"


def deploy(
    stage: Stage,
    image_uris: Mapping[str, str | None],
    given: Mapping[str, str] | None = None,
    *,
    yes: bool = False,
) -> dict[str, str]:
    """Bring a stage to what the repository says; return the outputs of its stack.

    `image_uris` maps validator and transformer to an image's URI; one that is missing is built. `given` are
    the stage's settings, by default those of its file; `yes` stands for a person's agreement. Raises
    CommandError.
    """
    given = settings.load(stage.name) if given is None else given
    values = prepare(stage, image_uris, given, yes=yes)
    preflight.ensure_service_linked_role(stage)
    make_shared(stage)
    bucket = artifact_bucket(stage)
    values |= {"ArtifactBucket": bucket, **upload_references(stage, bucket, given)}
    values |= image_parameters(stage, image_uris, given, build=True)
    with orders_plan(stage, bucket, values) as plan:
        carry_out(stage, stage.stack, plan)
    outputs = stage.outputs()
    listen(stage, outputs["TriggerRule"])
    return outputs


def dry_run(stage: Stage, image_uris: Mapping[str, str | None], given: Mapping[str, str]) -> None:
    """Print what a deploy would change. Only what CloudFormation reads for it is put into the bucket."""
    values = prepare(stage, image_uris, given, yes=True)
    with bootstrap_plan(stage) as plan:
        show(BOOTSTRAP_STACK, plan)
    if stage.describe(BOOTSTRAP_STACK) is None:
        step(f"Stack {stage.stack}: to be made; CloudFormation can be asked once {BOOTSTRAP_STACK} is there")
        for logical_id, resource in load(ORDERS)["Resources"].items():
            optional = "  (if its setting is on)" if "Condition" in resource else ""
            print(f"  {stacks.Change('Add', logical_id, resource['Type'], replacement=False)}{optional}")
        return
    bucket = artifact_bucket(stage)
    values |= {"ArtifactBucket": bucket, **upload_references(stage, bucket, given)}
    values |= image_parameters(stage, image_uris, given, build=False)
    with orders_plan(stage, bucket, values) as plan:
        show(stage.stack, plan)


def prepare(
    stage: Stage, image_uris: Mapping[str, str | None], given: Mapping[str, str], *, yes: bool
) -> dict[str, str]:
    """Look at everything that would fail later; return the parameters that are known by then."""
    step(f"Checking what stage {stage.name!r} needs")
    preflight.refuse_other_partitions(stage)
    preflight.confirm_account(stage, yes=yes)
    missing = [image for image in images.IMAGES if not image_uris.get(image)]
    if (
        missing
        and not stage.is_local
        and any(not images.published(stage, i, given.get("BASE_IMAGE")) for i in missing)
    ):
        preflight.require_docker("to build the images")
    preflight.quota_warnings(stage, given)
    products.refuse_useless(products_file(given))
    contracts.refuse_useless(contract_file(given))
    stores.refuse_orphans(stage)
    file = settings.settings_file(stage.name).relative_to(ROOT)
    detail(f"settings: {', '.join(sorted(given)) or f'none (no {file})'}")
    names = {"Stage": stage.name, "Suffix": stage.suffix}
    return names | settings.parameters_of(given) | network(stage, given)


def bootstrap_plan(stage: Stage) -> AbstractContextManager[stacks.Planned | None]:
    """Plan the stack that an account and region has once: the artifact bucket and the image repositories."""
    body = json.dumps(load(BOOTSTRAP))
    return stacks.planned(stage, BOOTSTRAP_STACK, {"TemplateBody": body}, {}, {})


def make_shared(stage: Stage) -> None:
    """Bring that stack up to date, also when another stage is deployed at the same time and does so, too."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with bootstrap_plan(stage) as plan:
                carry_out(stage, BOOTSTRAP_STACK, plan)
        except stacks.OvertakenError:
            if attempt == ATTEMPTS:
                raise
            detail(f"stack {BOOTSTRAP_STACK} was changed by another deploy meanwhile: looking again")
        else:
            return


def orders_plan(
    stage: Stage, bucket: str, values: dict[str, str]
) -> AbstractContextManager[stacks.Planned | None]:
    """Plan the stage's own stack."""
    packed = pack(ORDERS, bucket)
    template = artifacts.template_artifact(stage.stack, packed.body)
    artifacts.upload(stage, bucket, [*packed.artifacts, template])
    url = artifacts.url_of(stage, bucket, template.key)
    return stacks.planned(stage, stage.stack, {"TemplateURL": url}, values, {"mayfly:stage": stage.name})


def artifact_bucket(stage: Stage) -> str:
    """Return the bucket that the bootstrap stack has made."""
    there = stage.describe(BOOTSTRAP_STACK)
    if there is None:
        raise CommandError(
            f"stack {BOOTSTRAP_STACK} is gone", "somebody removed it meanwhile", "deploy again"
        )
    return outputs_of(there)["ArtifactBucket"]


def products_file(given: Mapping[str, str]) -> Path:
    """Return where the product list is; a path of the settings is one from the repository."""
    return ROOT / given.get("PRODUCTS_FILE", str(PRODUCTS))


def contract_file(given: Mapping[str, str]) -> Path:
    """Return where the contract is; a path of the settings is one from the repository."""
    return ROOT / given.get("CONTRACT_FILE", str(CONTRACT))


def upload_references(stage: Stage, bucket: str, given: Mapping[str, str]) -> dict[str, str]:
    """Put product list and contract where the validator reads them; return what names their versions."""
    wanted = {
        "ReferenceUri": artifacts.reference_data(products_file(given)),
        "ContractUri": artifacts.contract(contract_file(given)),
    }
    versions = artifacts.upload(stage, bucket, wanted.values())
    return {
        parameter: f"s3://{bucket}/{artifact.key}?versionId={versions[artifact.key]}"
        for parameter, artifact in wanted.items()
    }


def image_parameters(
    stage: Stage, image_uris: Mapping[str, str | None], given: Mapping[str, str], *, build: bool
) -> dict[str, str]:
    """Return the template's parameters for the images: what was given, else what the sources make."""
    base = given.get("BASE_IMAGE")
    if stage.is_local:
        detail("images: not built: the local AWS runs the entry points in ecs/ as processes")
    found = {}
    for image in images.IMAGES:
        uri = image_uris.get(image)
        if uri is None and stage.is_local:
            uri = f"{images.repository_of(stage, image)}:latest"
        if uri is None:
            uri = images.published(stage, image, base)
        if uri is None and build:
            uri = images.publish(stage, image, base)
        if uri is None:
            detail(f"images: ecs-{image} would be built and pushed")
            uri = f"{images.repository_of(stage, image)}:{images.source_tag(image, base)}"
        found[f"{image.capitalize()}ImageUri"] = uri
    return found


def carry_out(stage: Stage, stack: str, plan: stacks.Planned | None) -> None:
    """Carry out a plan, and say so."""
    if plan is None:
        step(f"Stack {stack} is up to date")
        return
    step(f"Stack {stack}: {plan.summary}")
    stacks.execute(stage, plan)


def show(stack: str, plan: stacks.Planned | None) -> None:
    """Print a plan to stdout."""
    if plan is None:
        step(f"Stack {stack}: no changes")
        return
    step(f"Stack {stack}: {plan.summary}")
    for line in [*plan.values, *map(str, plan.changes)]:
        print(f"  {line}")


def listen(stage: Stage, rule: str) -> None:
    """See that the rule is on: an undeploy that was cut short has switched it off behind CloudFormation."""
    events = stage.client("events")
    if events.describe_rule(Name=rule)["State"] != "ENABLED":
        detail(f"rule {rule} was off: switching it on")
        events.enable_rule(Name=rule)


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = parser_of("./scripts/deploy.sh", __doc__, "a pipeline of its own beside the others")
    made.add_argument("--yes", action="store_true", help="do not ask whether the account is the right one")
    made.add_argument(
        "--dry-run", action="store_true", help="print what would change, by CloudFormation's change sets"
    )
    for image in images.IMAGES:
        made.add_argument(
            f"--{image}-image",
            type=images.image_uri,
            metavar="URI",
            help=f"the {image}'s image (default: built from ecs/{image} and pushed to the account)",
        )
    return made


def work(arguments: argparse.Namespace) -> None:
    """Deploy as the command line asks."""
    given = settings.load(arguments.stage)
    stage = Stage.of_environment(arguments.stage)
    uris = {image: getattr(arguments, f"{image}_image") for image in images.IMAGES}
    if arguments.dry_run:
        dry_run(stage, uris, given)
        step("Nothing was deployed")
        return
    outputs = deploy(stage, uris, given, yes=arguments.yes)
    for key, value in outputs.items():
        print(f"{key:20} {value}")
    if email := given.get("ALARM_EMAIL"):
        detail(f"alarms go to {email} once the mail that AWS sent there is confirmed")
    detail(f"next: aws s3 cp data/orders/valid_order.csv s3://{outputs['InputBucket']}/input/")
    detail(f"or:   ./tests/test_pipeline.sh{stage.option}")


def main() -> None:
    """Run `deploy.sh`."""
    arguments = parser().parse_args()
    run(lambda: work(arguments), "run ./scripts/deploy.sh again, it goes on where this ended")
