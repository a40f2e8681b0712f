# One image for web, workers and beat; docker-compose.yml names the command of each.
FROM python:3.11-slim-bookworm

# A smaller image without GPU support: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_INDEX=""

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt requirements-no-deps.txt ./
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt \
    && pip install --no-deps -r requirements-no-deps.txt

RUN useradd --system --uid 1000 --create-home cratewise \
    && install -d -o cratewise /app/var /app/var/media
COPY . .
USER cratewise

EXPOSE 8000
CMD ["gunicorn", "organizer.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "1", "--threads", "8", "--no-control-socket"]
