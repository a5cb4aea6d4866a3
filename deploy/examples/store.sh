#!/usr/bin/env bash
# Open the examples' model store in the current cluster, or bring it up to date.
set -euo pipefail

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  cat <<'USAGE'
usage: deploy/examples/store.sh

Serves the models of deploy/examples inside the cluster, at http://models.slipway-examples.svc/.
It runs on the operator's runtime image; SLIPWAY_RUNTIME_IMAGE names another one.
Close it with: kubectl delete namespace slipway-examples
USAGE
  exit 0
fi

here=$(dirname "$(realpath "$0")")
find_image='{.spec.template.spec.containers[*].env[?(@.name=="SLIPWAY_RUNTIME_IMAGE")].value}'
image=${SLIPWAY_RUNTIME_IMAGE:-$(
  kubectl --namespace slipway-system get deployment slipway-operator --output "jsonpath=$find_image"
)}
if [[ -z $image ]]; then
  echo "store.sh: the operator names no runtime image; set SLIPWAY_RUNTIME_IMAGE" >&2
  exit 1
fi

kubectl kustomize "$here" | sed "s|image: slipway-runtime\$|image: $image|" | kubectl apply --filename -
kubectl --namespace slipway-examples rollout status deployment/models --timeout 2m
