import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { hostRelease, sourcesOf } from "./releases.ts";

const folder = temporaryFolder();

it.each([
	["ID=debian\nVERSION_CODENAME=bookworm\n", "bookworm"],
	['NAME="Debian"\nVERSION_CODENAME="trixie"\nID="debian"\n', "trixie"],
	["ID=ubuntu\nVERSION_CODENAME=noble\n", null],
	// Another system's name is no release of Debian's.
	["ID=devuan\nVERSION_CODENAME=bookworm\n", null],
	["ID=debian\nVERSION_CODENAME=buster\n", null],
	["", null],
])("knows of %j that it is %s", (text, release) => {
	const file = join(folder, "os-release");
	writeFileSync(file, text);
	expect(hostRelease(file)).toBe(release);
});

it("knows no release of a machine that does not say it", () => {
	expect(hostRelease(join(folder, "none"))).toBeNull();
});

it("trusts Debian's keys alone, and takes what security has where mirrors have it", () => {
	expect(sourcesOf("trixie")).toBe(
		[
			"deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n",
			"deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian-security trixie-security main\n",
		].join(""),
	);
	expect(sourcesOf("sid")).not.toContain("security");
});
