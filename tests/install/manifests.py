#!/usr/bin/env python3
"""What Kubernetes and Compose are given fits together, and fits the program: names, ports, files, users, and the configurations, which `waybill check`
reads. No engine runs here, so no image is built and no pod is started. WAYBILL_BINARY names the program."""

import os
import pathlib
import re
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCKER = ROOT / "docker"
BINARY = os.environ.get("WAYBILL_BINARY", str(ROOT / "target" / "debug" / "waybill"))


def check(holds, sentence):
    if not holds:
        raise SystemExit(f"FAULT {sentence}")
    print(f"ok: {sentence}")


def configuration(text, whose):
    """`waybill check --offline` takes it."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        environment = {**os.environ, "WAYBILL_EMAIL_SECRET": "nobody's addresses are kept here"}
        said = subprocess.run([BINARY, "check", "--offline", "--config", file.name], capture_output=True, text=True, env=environment)
    check(said.returncode == 0, f"waybill check takes the configuration of {whose} {said.stderr if said.returncode else ''}")


def kubernetes():
    objects = {}
    for file in sorted((DOCKER / "kubernetes").glob("*.yaml")):
        for found in yaml.safe_load_all(file.read_text()):
            objects[found["kind"]] = found
    check({"StatefulSet", "Service", "ConfigMap", "PodDisruptionBudget", "PodMonitor", "PrometheusRule"} == set(objects), f"Kubernetes: {', '.join(sorted(objects))}")
    spec = objects["StatefulSet"]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    selectors = [spec["selector"]["matchLabels"], objects["Service"]["spec"]["selector"]]
    selectors += [objects[kind]["spec"]["selector"]["matchLabels"] for kind in ("PodDisruptionBudget", "PodMonitor")]
    check(all(selector == labels for selector in selectors), "every selector finds the pod")
    (container,) = pod["containers"]
    ports = {port["name"] for port in container["ports"]}
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    named = [probe["port"] for probe in probes] + [objects["Service"]["spec"]["ports"][0]["targetPort"]]
    named += [point["port"] for point in objects["PodMonitor"]["spec"]["podMetricsEndpoints"]]
    check(set(named) <= ports, "probes, service and monitor name ports of the container")
    check([probe["path"] for probe in probes] == ["/livez", "/livez", "/readyz"], "the pod is started anew by /livez alone")
    job = objects["PodMonitor"]["spec"]["jobLabel"]
    check(labels[job] == "waybill", "Prometheus knows the job by the name that the rules use")
    check(objects["StatefulSet"]["spec"]["serviceName"] == objects["Service"]["metadata"]["name"], "the set names its service")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    check(set(mounts) == set(volumes), "every volume is mounted")
    check(volumes["configuration"]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"], "the configuration is mounted")
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    (file,) = objects["ConfigMap"]["data"]
    check(environment["WAYBILL_CONFIG"] == f"{mounts['configuration']}/{file}", "WAYBILL_CONFIG names the file that is mounted")
    text = objects["ConfigMap"]["data"][file]
    check("0.0.0.0:8080" in text and container["ports"][0]["containerPort"] == 8080, "HTTP listens on the container's port")
    check(pod["terminationGracePeriodSeconds"] > 30, "the pod has longer to end than an epoch may take")
    dockerfile = (DOCKER / "Dockerfile").read_text()
    uid = pod["securityContext"]["runAsUser"]
    check(f"USER {uid}:{uid}" in dockerfile, "the pod's user is the image's")
    configuration(text, "Kubernetes")
    groups = [yaml.safe_load((DOCKER / "prometheus" / f"{name}.yml").read_text())["groups"] for name in ("recording", "alerts")]
    check(objects["PrometheusRule"]["spec"]["groups"] == groups[0] + groups[1], "the operator gets the rules that Prometheus gets")


def compose():
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    named, top = services["services"], services["volumes"]
    for name, service in named.items():
        check(("image" in service) != ("build" in service), f"{name} has an image, or is built")
        check(set(service.get("depends_on", {})) <= set(named), f"{name} waits for services that there are")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            there = (DOCKER / source).exists() if source.startswith(".") else source in top
            check(there, f"{name}: {source} is there")
    build = named["waybill"]["build"]
    check((DOCKER / build["context"] / build["dockerfile"]).exists(), "the image is built from a file that is there")
    pinned = [service["image"] for service in named.values() if "image" in service]
    check(all(re.search(r":[v\d][\w.]+$", image) for image in pinned), f"every image has a version: {', '.join(sorted(set(pinned)))}")
    configuration((DOCKER / "waybill.toml").read_text(), "Compose")


def image():
    """What Dockerfile.dockerignore lets through is a project that cargo takes."""
    lines = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    through = [line[1:] for line in lines if line.startswith("!")]
    with tempfile.TemporaryDirectory() as folder:
        for name in through:
            pathlib.Path(folder, name).symlink_to(ROOT / name)
        command = ["cargo", "metadata", "--locked", "--format-version", "1", "--no-deps"]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    check(said.returncode == 0, f"cargo takes what the image is built from: {', '.join(through)} {said.stderr if said.returncode else ''}")


kubernetes()
compose()
image()
