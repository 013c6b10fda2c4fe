import { expect, it } from "vitest";
import { routerOptions } from "./router-options.ts";

it("says nothing of a router that nobody asked for", () => {
	expect(routerOptions({ iptables: "legacy" })).toBe("");
});

it("asks for the same router again, as a shell understands it", () => {
	expect(routerOptions({ kernel: "vm", iptables: "nft" })).toBe(
		" --kernel vm --iptables nft",
	);
	expect(routerOptions({ kernel: "my kernel", iptables: "legacy" })).toBe(
		" --kernel 'my kernel'",
	);
});
