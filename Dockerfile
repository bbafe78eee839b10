# The web side: gunicorn, dispatcher and results worker run from this one image. It holds no torch.
FROM node:22-slim AS frontend
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci
COPY frontend/ ./
RUN npm run build

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 STICKERLOOP_DATA=/data
WORKDIR /app
COPY pyproject.toml constraints.txt ./
COPY demo/__init__.py demo/install.py demo/machine.py ./demo/
RUN python -c "from demo.install import requirements; print('\n'.join(requirements(['s3'])))" > requirements.txt \
    && pip install -c constraints.txt -r requirements.txt
COPY . .
COPY --from=frontend /src/dist frontend/dist
RUN STICKERLOOP_SECRET_KEY=only-to-collect-files python manage.py collectstatic --no-input \
    && useradd --uid 1000 stickerloop && mkdir /data && chown stickerloop /data
USER stickerloop
VOLUME /data
EXPOSE 8000
ENV HOST=0.0.0.0 PORT=8000
CMD ["sh", "-c", "exec gunicorn annotator.wsgi --bind $HOST:$PORT --worker-class gthread --threads 8 --no-control-socket"]
