-- A file of SQLite as kefu made it before it told that conversations are erased.
CREATE TABLE agent (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	password_hash VARCHAR NOT NULL,
	role VARCHAR(5) NOT NULL,
	active BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);
CREATE TABLE agent_session (
	id VARCHAR NOT NULL,
	agent_id INTEGER NOT NULL,
	csrf_token VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(agent_id) REFERENCES agent (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE conversation (
	id VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	language VARCHAR,
	state JSON,
	handed_over_at DATETIME,
	hand_over_reason VARCHAR,
	owner VARCHAR,
	taken_by INTEGER,
	taken_at DATETIME,
	closed_at DATETIME,
	last_message_at DATETIME NOT NULL,
	version INTEGER NOT NULL,
	changed_at DATETIME NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT conversation_taken_by_fkey FOREIGN KEY(taken_by) REFERENCES agent (id)
);
CREATE TABLE correction (
	message_id VARCHAR NOT NULL,
	label VARCHAR NOT NULL,
	agent_id INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY (message_id),
	FOREIGN KEY(message_id) REFERENCES message (id),
	FOREIGN KEY(agent_id) REFERENCES agent (id)
);
CREATE TABLE message (
	id VARCHAR NOT NULL,
	conversation_id VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	sender VARCHAR(9) NOT NULL,
	created_at DATETIME NOT NULL,
	text VARCHAR NOT NULL,
	language VARCHAR,
	image VARCHAR,
	audio VARCHAR,
	client_key VARCHAR,
	answers VARCHAR,
	understanding JSON,
	reply JSON,
	thumb VARCHAR(4),
	agent_id INTEGER,
	model VARCHAR,
	model_version VARCHAR,
	PRIMARY KEY (id),
	CONSTRAINT message_conversation_id_position_key UNIQUE (conversation_id, position),
	CONSTRAINT message_answers_key UNIQUE (answers),
	CONSTRAINT message_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES agent (id),
	CONSTRAINT uq_message_client_key UNIQUE (conversation_id, sender, client_key),
	FOREIGN KEY(conversation_id) REFERENCES conversation (id),
	FOREIGN KEY(answers) REFERENCES message (id)
);
CREATE INDEX ix_agent_session_agent_id ON agent_session (agent_id);
CREATE INDEX ix_agent_session_expires_at ON agent_session (expires_at);
CREATE INDEX ix_conversation_handed_over_at ON conversation (handed_over_at);
CREATE INDEX ix_conversation_owner ON conversation (owner);
CREATE INDEX ix_conversation_last_message_at ON conversation (last_message_at);
CREATE INDEX ix_conversation_changed_at ON conversation (changed_at);
CREATE INDEX ix_message_conversation_id ON message (conversation_id);
CREATE INDEX ix_message_created_at ON message (created_at);
CREATE INDEX ix_message_image ON message (image);
CREATE INDEX ix_message_audio ON message (audio);
INSERT INTO alembic_version VALUES
	('0002');
INSERT INTO agent VALUES
	(1, 'Ann', 'argon2 of Ann', 'ADMIN', TRUE, '2026-09-01 08:00:00.000000'),
	(2, '王芳', 'argon2 of 王芳', 'AGENT', FALSE, '2026-09-01 08:01:00.000000');
INSERT INTO agent_session VALUES
	('dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 1, 'csrf', '2026-09-01 08:02:00.000000', '2099-01-01 00:00:00.000000');
INSERT INTO conversation VALUES
	('taken', '2026-09-01 08:03:00.000000', 'zh', '{"language": "zh"}', '2026-09-01 08:05:00.000000', 'asked', 'oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo', 1, '2026-09-01 08:06:00.000000', NULL, '2026-09-01 08:07:00.000000', 4, '2026-09-01 08:07:00.000000'),
	('silent', '2026-09-01 08:09:00.000000', NULL, 'null', NULL, NULL, NULL, NULL, NULL, NULL, '2026-09-01 08:09:00.000000', 0, '2026-09-01 08:09:00.000000');
INSERT INTO message VALUES
	('m1', 'taken', 0, 'CUSTOMER', '2026-09-01 08:04:00.000000', '我要退款', 'zh', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', NULL, 'k1', NULL, '{"intent": "refund"}', 'null', NULL, NULL, 'demo', '2026-08-31'),
	('m2', 'taken', 1, 'ASSISTANT', '2026-09-01 08:05:00.000000', '好的。', 'zh', NULL, NULL, NULL, 'm1', 'null', '{"language": "zh", "sentences": [{"text": "\u597d\u7684\u3002"}], "hand_over": "asked"}', 'DOWN', NULL, NULL, NULL),
	('m3', 'taken', 2, 'AGENT', '2026-09-01 08:07:00.000000', '已经退了', NULL, NULL, NULL, '1:a', NULL, 'null', 'null', NULL, 1, NULL, NULL);
INSERT INTO correction VALUES
	('m1', 'refund', 1, '2026-09-01 08:08:00.000000');
