/*
 * Ports of the gateway's own for agent.c: they are held open, what is delivered to them is shown, and
 * what their programs say is sent as it is.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent.h"

#define MOST_CONNECTIONS 1024

/* What is delivered is shown to raw sockets, whichever port it is for. */
static const int seen_protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
#define SEEN_PROTOCOLS 3
static int seen[SEEN_PROTOCOLS] = { -1, -1, -1 };
static struct open_port {
	int protocol, handle;
	uint16_t port;
	uint32_t address;
	/* As they come: user and group. */
	uint32_t owner[2];
	/* That takes connections; 0 where none does. */
	pid_t program;
} ports[MOST_PORTS];
static int port_count;

/* Sockets that are made from here on are this user's and this group's; owner is as it comes. */
static void act_as(const uint32_t owner[2])
{
	setfsgid(ntohl(owner[1]));
	setfsuid(ntohl(owner[0]));
}

static const uint32_t root[2];

static int open_raw(int protocol)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

static uint32_t see_what_is_delivered(void)
{
	for (int i = 0; i < SEEN_PROTOCOLS; i++) {
		if (seen[i] < 0)
			seen[i] = open_raw(seen_protocols[i]);
		if (seen[i] < 0)
			return errno;
	}
	return 0;
}

/* A filter that drops all: the kernel answers nothing at all for the port, since others speak for it. */
static int make_deaf(int handle)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog filter = { .len = 1, .filter = &nothing };

	return setsockopt(handle, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

/* Takes connections, reads what comes, and closes when the other side has. */
static void take_connections(int listening)
{
	struct pollfd waiting[MOST_CONNECTIONS] = { { .fd = listening, .events = POLLIN } };
	int count = 1;
	char data[4096];

	for (;;) {
		if (poll(waiting, count, -1) < 0)
			continue;
		for (int i = count - 1; i > 0; i--) {
			if (!waiting[i].revents || read(waiting[i].fd, data, sizeof(data)) > 0)
				continue;
			close(waiting[i].fd);
			waiting[i] = waiting[--count];
		}
		if (waiting[0].revents && count < MOST_CONNECTIONS) {
			int taken = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
			if (taken >= 0)
				waiting[count++] = (struct pollfd){ .fd = taken, .events = POLLIN };
		}
	}
}

static void close_port(struct open_port *one)
{
	if (one->program > 0) {
		kill(one->program, SIGKILL);
		waitpid(one->program, NULL, 0);
	}
	close(one->handle);
	*one = ports[--port_count];
}

static struct open_port *find_port(const struct open_port *wanted)
{
	for (struct open_port *one = ports; one < ports + port_count; one++)
		if (one->protocol == wanted->protocol && one->port == wanted->port &&
		    one->address == wanted->address)
			return one;
	return NULL;
}

/* Also at an address that is not here yet, and beside a program at all addresses, as that may allow. */
static uint32_t open_at(struct open_port wanted, int speaks)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = wanted.port,
				       .sin_addr.s_addr = wanted.address };
	int is_tcp = wanted.protocol == IPPROTO_TCP, on = 1, handle, failed;

	if (port_count == MOST_PORTS)
		return EMFILE;
	act_as(wanted.owner);
	handle = socket(AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	act_as(root);
	if (handle < 0)
		return errno;
	if ((!speaks && make_deaf(handle)) ||
	    setsockopt(handle, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	    setsockopt(handle, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) ||
	    bind(handle, (struct sockaddr *)&address, sizeof(address)) ||
	    (is_tcp && listen(handle, SOMAXCONN))) {
		failed = errno;
		close(handle);
		return failed;
	}
	wanted.handle = handle;
	if (speaks) {
		wanted.program = fork();
		if (wanted.program == 0) {
			act_as(wanted.owner);
			take_connections(handle);
		}
	}
	ports[port_count++] = wanted;
	return 0;
}

uint32_t set_ports(const char *payload, size_t length)
{
	uint32_t failed = see_what_is_delivered();

	for (size_t at = 0; !failed && at + 16 <= length; at += 16) {
		struct open_port wanted = { .protocol = payload[at] }, *there;
		int state = payload[at + 1];

		memcpy(&wanted.port, payload + at + 2, 2);
		memcpy(&wanted.address, payload + at + 4, 4);
		memcpy(wanted.owner, payload + at + 8, 8);
		there = find_port(&wanted);
		if (there && state != 1)
			close_port(there);
		else if (there)
			continue;
		if (state)
			failed = open_at(wanted, state == 2);
	}
	return failed;
}

uint32_t close_ports(void)
{
	while (port_count > 0)
		close_port(ports + port_count - 1);
	for (int i = 0; i < SEEN_PROTOCOLS; i++) {
		if (seen[i] >= 0)
			close(seen[i]);
		seen[i] = -1;
	}
	return 0;
}

void read_delivered(struct buffer *into)
{
	char packet[65536];
	ssize_t got;

	for (int i = 0; i < SEEN_PROTOCOLS; i++)
		while (seen[i] >= 0 && (got = recv(seen[i], packet, sizeof(packet), 0)) > 0)
			append(into, packet, got);
}

/*
 * The header is the sender's (IPPROTO_RAW implies IP_HDRINCL); the kernel sums it up anew. The route
 * is looked up for the address to which the socket is bound, and for its TOS, as for any other socket:
 * what a program sends with a TOS comes from a socket that has it.
 */
uint32_t send_packet(const char *packet, size_t length, int is_bound)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, from = { .sin_family = AF_INET };
	int handle, failed = 0, on = 1, tos;

	if (length < 20)
		return EINVAL;
	handle = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (handle < 0)
		return errno;
	tos = (unsigned char)packet[1];
	memcpy(&from.sin_addr, packet + 12, 4);
	memcpy(&to.sin_addr, packet + 16, 4);
	if ((is_bound && (setsockopt(handle, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) ||
			  setsockopt(handle, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)) ||
			  bind(handle, (struct sockaddr *)&from, sizeof(from)))) ||
	    sendto(handle, packet, length, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		failed = errno;
	close(handle);
	return failed;
}

uint32_t send_as(const char *payload, size_t length)
{
	uint32_t owner[2], failed;

	if (length < sizeof(owner))
		return EINVAL;
	memcpy(owner, payload, sizeof(owner));
	act_as(owner);
	failed = send_packet(payload + sizeof(owner), length - sizeof(owner), 1);
	act_as(root);
	return failed;
}
