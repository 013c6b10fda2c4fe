/*
 * What the kernel's nf_tables tells agent.c over netlink: its rules, and which of them packets match.
 * Messages are handed on as they come; the harness reads them (nft-trace.ts).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent.h"

/* So much may wait until it is asked for: a trace of a packet through thousands of rules. */
#define ROOM (16 << 20)

static int listening = -1;

static int open_netfilter(int flags)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_NETFILTER);
}

void stop_listening(void)
{
	if (listening >= 0)
		close(listening);
	listening = -1;
}

static uint32_t listen_for_traces(void)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTRACE, room = ROOM;

	listening = open_netfilter(SOCK_NONBLOCK);
	if (listening < 0)
		return errno;
	/* One that has no address is taken for the kernel, which gets none of its own messages. */
	if (bind(listening, (const struct sockaddr *)&any, sizeof(any)) ||
	    setsockopt(listening, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(listening, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return errno;
	return 0;
}

uint32_t read_traces(struct buffer *into)
{
	if (listening < 0)
		return listen_for_traces();
	for (;;) {
		char messages[8192];
		ssize_t got = recv(listening, messages, sizeof(messages), 0);

		if (got < 0)
			return errno == EAGAIN ? 0 : errno;
		append(into, messages, got);
	}
}

uint32_t dump(const char *request, size_t length, struct buffer *into)
{
	int handle = open_netfilter(0), done = 0;
	uint32_t failed = 0;

	if (handle < 0 || send(handle, request, length, 0) < 0)
		failed = errno;
	while (!failed && !done) {
		char messages[65536];
		ssize_t got = recv(handle, messages, sizeof(messages), 0);
		struct nlmsghdr *header = (struct nlmsghdr *)messages;

		if (got < 0) {
			failed = errno;
			break;
		}
		append(into, messages, got);
		for (; NLMSG_OK(header, got); header = NLMSG_NEXT(header, got)) {
			if (header->nlmsg_type == NLMSG_ERROR)
				failed = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
			if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
				done = 1;
		}
	}
	close(handle);
	return failed;
}
