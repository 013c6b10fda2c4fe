import { expect, test } from "vitest";
import { ReadRequests } from "./read-requests.ts";

test.each([
	[[], 0],
	[[0, 1, 2], 3],
	[[2, 0, 1], 3],
	[[0, 0, 3, 3, 1, 0, 1], 3],
	[[5, 4, 3], 3],
])("of the requests %j that were read, %i count", (read, count) => {
	const requests = new ReadRequests();
	for (const request of read) requests.add(request);
	expect(requests.count).toBe(count);
});
