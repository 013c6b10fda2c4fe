/** A shell where something happens: in a container, or on the router. */
import type Docker from "dockerode";
import { connectEngine } from "../../lab/docker/engine/engine.ts";
import { ifEngines } from "../../lab/docker/engine/engine-error.ts";
import { EXIT } from "../base/exit-code.ts";
import { containerOf, infoOf, roleNamed, theLab } from "./containers.ts";
import type { ShellOptions } from "./options.ts";
import { routerShell } from "./router-shell.ts";

/** @returns the exit code, of the command where one is given */
export async function shell(
	name: string,
	command: readonly string[],
	options: ShellOptions,
): Promise<number> {
	const docker = await connectEngine();
	const role = roleNamed(name);
	const lab = await theLab(docker, options);
	const container = containerOf(docker, lab, role);
	const [, router] = /^router(\d+)$/.exec(role) ?? [];
	// Any other router shares its kernel with its container, and a shell in there is a shell on it.
	const isMachine = infoOf(lab, role)?.Command.startsWith("qemu-") === true;
	try {
		if (router !== undefined && isMachine)
			return await routerShell(docker, container, {
				router: Number(router) - 1,
				stdin: options.stdin,
				words: command.length === 0 ? null : programOf(command),
			});
		return await inContainer(docker, container, {
			words: command.length === 0 ? ["bash"] : programOf(command),
			stdin: options.stdin || command.length === 0,
		});
	} catch (error) {
		throw ifEngines(`${role} of lab ${lab.id}`, error);
	}
}

/** One word is a line for the shell, as ssh has it; several are a program and its arguments. */
function programOf(command: readonly string[]): readonly string[] {
	const [line = "", ...more] = command;
	return more.length === 0 ? ["sh", "-c", line] : command;
}

/** On a terminal it gets one of its own, so that Ctrl-C and the rest are its affair. */
async function inContainer(
	docker: Docker,
	container: Docker.Container,
	{
		words,
		stdin: isInput,
	}: { readonly words: readonly string[]; readonly stdin: boolean },
): Promise<number> {
	const { stdin, stdout, stderr } = process;
	const Tty = stdin.isTTY === true && stdout.isTTY === true;
	const isRead = Tty || isInput;
	const exec = await container.exec({
		Cmd: [...words],
		Tty,
		AttachStdin: isRead,
		AttachStdout: true,
		AttachStderr: true,
		...(Tty ? { Env: [`TERM=${process.env.TERM ?? "xterm"}`] } : {}),
	});
	const stream = await exec.start({ hijack: true, stdin: true, Tty });
	const ended = new Promise((resolve) => {
		stream.once("end", resolve);
		stream.once("close", resolve);
	});
	const resize = () =>
		void exec
			.resize({ h: stdout.rows, w: stdout.columns })
			// The program may be gone already.
			.catch(() => {});
	if (Tty) {
		resize();
		stdout.on("resize", resize);
		stdin.setRawMode(true);
		stream.pipe(stdout, { end: false });
	} else docker.modem.demuxStream(stream, stdout, stderr);
	if (isRead) stdin.pipe(stream);
	await ended;
	if (Tty) {
		stdin.setRawMode(false);
		stdout.off("resize", resize);
	}
	// It would keep us waiting for a line that nobody wants any more.
	stdin.unpipe(stream);
	stdin.destroy();
	return exitCodeOf(exec);
}

const POLL_MS = 10;

async function exitCodeOf(exec: Docker.Exec): Promise<number> {
	for (;;) {
		const { Running, ExitCode } = await exec.inspect();
		if (!Running) return ExitCode ?? EXIT.holds;
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
}
