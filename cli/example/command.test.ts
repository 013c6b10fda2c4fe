import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const top = temporaryFolder();

it("writes files that play, and the line that plays them", async () => {
	const { code, out } = await marktwin(["example", "my demo"], { cwd: top });
	expect(code).toBe(0);
	expect(out).toContain("\nPlay them: marktwin run 'my demo'\n");
	const folder = join(top, "my demo");
	expect(readdirSync(folder).sort()).toEqual([
		"as-published.rules",
		"recipe.rules",
		"recipe.scenario.ts",
	]);
	const played = await marktwin(["run"], { cwd: folder });
	expect(played.out).toContain("2 scenarios: 2 hold");
	expect(played.code).toBe(0);
});

it("writes over nothing of the user's", async () => {
	const cwd = join(top, "my demo");
	expect((await marktwin(["example"], { cwd })).code).toBe(0);
	writeFileSync(join(cwd, "recipe.rules"), "mine\n");
	const { code, err } = await marktwin(["example"], { cwd });
	expect(code).toBe(2);
	expect(err).toContain("recipe.rules is there already, and differs");
	expect(readFileSync(join(cwd, "recipe.rules"), "utf8")).toBe("mine\n");
});

it("says that a folder cannot be made", async () => {
	const { code, err } = await marktwin(["example", "/proc/marktwin"]);
	expect(code).toBe(2);
	expect(err).toContain("cannot make the folder /proc/marktwin");
	expect(err).toContain("Name another folder.");
});
