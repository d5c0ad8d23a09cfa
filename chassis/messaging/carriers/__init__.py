"""How events travel: through RabbitMQ (`amqp`), or handed over service to service (`direct`)."""
