/** Which links of the gateway nothing comes in by, as steps have it: model and kernel are told the same. */
import type { Operation } from "../../contract/gateway.ts";
import type { WorldSetup } from "./setup.ts";

/** `ip link set dev eth0 mtu 1400 down`, and shorter. It has succeeded, so it is no other one that looks like it. */
const SET_LINK =
	/^(?:(?:\S*\/)?ip\s+)?(?:-4\s+)?l(?:i|in|ink)?\s+s(?:e|et)?\s+(?:dev\s+)?(\S+)\s+(.*)$/;
const UP_OR_DOWN: ReadonlySet<string> = new Set(["up", "down"]);

export class LinkStates {
	readonly #setUp: readonly string[];
	readonly #down = new Set<string>();
	readonly #withoutCarrier = new Set<string>();

	constructor({ gateway }: Pick<WorldSetup, "gateway">) {
		this.#setUp = gateway?.ip ?? [];
		this.#begin();
	}

	/** Does what is sent on the link come in? */
	takes(name: string): boolean {
		return !this.#down.has(name) && !this.#withoutCarrier.has(name);
	}

	noteCarrier(name: string, isThere: boolean): void {
		if (isThere) this.#withoutCarrier.delete(name);
		else this.#withoutCarrier.add(name);
	}

	/** An operation has succeeded. */
	note(operation: Operation): void {
		switch (operation.kind) {
			case "link":
				this.#set(operation.interface, operation.up);
				break;
			case "ip":
				this.#noteCommand(operation.command);
				break;
			case "take-over":
				this.#begin();
				break;
			default:
		}
	}

	#begin(): void {
		this.#down.clear();
		this.#withoutCarrier.clear();
		for (const command of this.#setUp) this.#noteCommand(command);
	}

	#noteCommand(text: string): void {
		const [, name, more = ""] = SET_LINK.exec(text.trim()) ?? [];
		const said = more.split(/\s+/).findLast((word) => UP_OR_DOWN.has(word));
		if (name !== undefined && said !== undefined)
			this.#set(name, said === "up");
	}

	#set(name: string, isUp: boolean): void {
		if (isUp) this.#down.delete(name);
		else this.#down.add(name);
	}
}
