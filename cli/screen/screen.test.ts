import { describe, expect, it } from "vitest";
import { createScreen } from "./screen.ts";
import { nameText } from "./screen-text.ts";

const HOSTILE =
	"::error::forged\n##[stop-commands]x\n\u001b]0;title\u0007\u009b31m\u3164\u2800\ufe0f\u202e##vso[task]";

function screenOn(
	{ isTTY = false, isPipe = true },
	environment: NodeJS.ProcessEnv = {},
) {
	const written: string[] = [];
	const screen = createScreen(
		{ isTTY, columns: 80, write: (text: string) => written.push(text) },
		() => isPipe,
		environment,
	);
	return { screen, printed: () => written.join("") };
}

describe("lines for a person", () => {
	it("hold no text of others that speaks to a terminal", () => {
		for (const isTTY of [true, false]) {
			const { screen, printed } = screenOn({ isTTY });
			screen.show([HOSTILE, screen.paint("red", HOSTILE)]);
			const plain = printed()
				.replaceAll("\u001b[31m", "")
				.replaceAll("\u001b[39m", "")
				.replaceAll("\n", "");
			expect(plain).not.toMatch(/[\p{Cc}\p{Cf}]/u);
			expect(plain).toContain(
				"⟨U+001B⟩]0;title⟨U+0007⟩⟨U+009B⟩31m⟨U+3164⟩⟨U+2800⟩⟨U+FE0F⟩⟨U+202E⟩",
			);
		}
	});

	it.each(["GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION", "NONE_OF_THEM"])(
		"hold no command for a CI system: %s",
		(name) => {
			const { screen, printed } = screenOn({}, { [name]: "true" });
			screen.show([HOSTILE, `  ${HOSTILE}`]);
			expect(printed()).not.toMatch(/^\s*::|##\w*\[/m);
			expect(printed()).toContain(": :error::forged\n## [stop-commands]x\n");
		},
	);

	it("are coloured, one colour within another, where a terminal is", () => {
		const { screen, printed } = screenOn({ isTTY: true });
		screen.show([screen.paint("bold", `a${screen.paint("red", "b")}c`)]);
		expect(printed()).toBe("\u001b[1ma\u001b[31mb\u001b[39mc\u001b[22m\n");
		const piped = screenOn({});
		piped.screen.show([piped.screen.paint("red", "x")]);
		expect(piped.printed()).toBe("x\n");
	});

	it("may be commands of our own", () => {
		const { screen, printed } = screenOn({}, { GITHUB_ACTIONS: "true" });
		screen.command(["::error title=x::y"]);
		expect(printed()).toBe("::error title=x::y\n");
	});
});

describe("data for a program", () => {
	it("is handed on as it stands, and made visible on a terminal", () => {
		const piped = screenOn({});
		piped.screen.data(HOSTILE);
		expect(piped.printed()).toBe(HOSTILE);
		const seen = screenOn({ isTTY: true });
		seen.screen.data("a\u001b[31m\r\nb");
		expect(seen.printed()).toBe("a⟨U+001B⟩[31m\nb");
	});

	it("is refused where a CI system would obey it, and only there", () => {
		const read = screenOn({}, { GITHUB_ACTIONS: "true" });
		for (const text of ["*nat\n::error - [0:0]\n", '-m comment "##[group]"'])
			expect(() => read.screen.data(text)).toThrow(/would be a command/);
		expect(read.printed()).toBe("");
		read.screen.data("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n");
		expect(read.printed()).toContain(":PREROUTING");
		const file = screenOn({ isPipe: false }, { GITHUB_ACTIONS: "true" });
		file.screen.data(HOSTILE);
		expect(file.printed()).toBe(HOSTILE);
	});
});

it("a name is no line of its own", () => {
	expect(nameText("x\n✓ y\r\n")).toBe("x⟨U+000A⟩✓ y⟨U+000A⟩");
});
