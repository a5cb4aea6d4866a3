# The runtime with PyTorch, for models in TorchScript. Build the runtime first, then this:
#   docker build -t slipway-runtime runtime
#   docker build -t slipway-runtime-torchscript -f runtime/torchscript.Dockerfile runtime
# which takes Debian's PyTorch, for CPUs. For another one, name a package index that has it:
#   --build-arg TORCH_INDEX=https://... --build-arg TORCH='torch==2.9.*'
ARG RUNTIME=slipway-runtime
# What PyTorch is added to; an image that has it already, for the runtime's Python, is taken as it is.
ARG BASE=${RUNTIME}

FROM ${RUNTIME} AS runtime

FROM ${BASE}
LABEL org.opencontainers.image.title="slipway-runtime-torchscript" \
      org.opencontainers.image.description="Serves a model, TorchScript too, with the Open Inference Protocol" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=runtime /opt/slipway /opt/slipway
USER 0:0
ARG TORCH=torch
ARG TORCH_INDEX=
# Behind the runtime's own packages, so that numpy is the one it was tested with.
RUN echo /usr/lib/python3/dist-packages > "$(echo /opt/slipway/lib/python3*/site-packages)/debian.pth" \
    && if [ -n "${TORCH_INDEX}" ]; then \
         python3 -m venv /tmp/installer \
         && /tmp/installer/bin/pip --python /opt/slipway/bin/python install --no-cache-dir \
              --disable-pip-version-check --index-url "${TORCH_INDEX}" "${TORCH}" \
         && rm -rf /tmp/installer; \
       elif ! /opt/slipway/bin/python -c 'import torch' 2> /dev/null; then \
         apt-get update && apt-get install --yes --no-install-recommends python3-torch \
         && rm -rf /var/lib/apt/lists/*; \
       fi \
    && /opt/slipway/bin/python -c 'import torch'
ENV PYTHONPATH=/opt/slipway/src PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 \
    ORT_DISABLE_TELEMETRY=1
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
ENTRYPOINT ["/opt/slipway/bin/python", "-m", "slipway_runtime"]
