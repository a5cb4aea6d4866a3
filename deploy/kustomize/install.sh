#!/bin/sh
# Installs the operator into the cluster of the current kubeconfig and waits until it runs.
#
#   OPERATOR_IMAGE=localhost/slipway-operator:dev RUNTIME_IMAGE=localhost/slipway-runtime:dev \
#     deploy/kustomize/install.sh [--dry-run]
#
# --dry-run prints what would be applied.
set -eu

: "${OPERATOR_IMAGE:?name the image of the operator}"
: "${RUNTIME_IMAGE:?name the image that runs models}"

here=$(cd "$(dirname "$0")" && pwd)
overlay="$here/../../.local/deploy"
mkdir -p "$overlay"
cat > "$overlay/kustomization.yaml" <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../deploy/kustomize/base]
patches:
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: slipway-operator, namespace: slipway-system}
      spec:
        template:
          spec:
            containers:
              - name: operator
                image: $OPERATOR_IMAGE
                env: [{name: SLIPWAY_RUNTIME_IMAGE, value: $RUNTIME_IMAGE}]
END

if [ "${1:-}" = --dry-run ]; then
  exec kubectl kustomize "$overlay"
fi
kubectl apply --server-side --force-conflicts --field-manager=slipway-install -k "$overlay"
kubectl rollout status --namespace slipway-system deployment/slipway-operator --timeout=180s
