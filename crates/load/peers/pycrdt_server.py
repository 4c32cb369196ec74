"""pycrdt-websocket behind uvicorn, without a store: documents live in memory alone."""

import asyncio
import os

import uvicorn
from pycrdt.websocket import ASGIServer, WebsocketServer, exception_logger


async def main() -> None:
    websocket_server = WebsocketServer(exception_handler=exception_logger)
    config = uvicorn.Config(
        ASGIServer(websocket_server),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        log_level="warning",
        lifespan="off",
    )
    async with websocket_server:
        await uvicorn.Server(config).serve()


asyncio.run(main())
