import { expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";

it.each([
	"lab up",
	"lab status",
	"lab shell c1 ls -l",
	"lab logs b1",
	"lab down --all",
	"run --on docker live-both-dead",
	"compare --with docker live-both-dead",
])(
	"%s ends with 4 where there is no engine, and says what to do",
	async (line) => {
		const env = { DOCKER_HOST: "unix:///nosuch/docker.sock" };
		const { code, err } = await marktwin(line.split(" "), { env });
		expect(code).toBe(4);
		expect(err).toContain("Docker's engine at unix:///nosuch/docker.sock");
		expect(err).toContain("systemctl start docker");
	},
);
