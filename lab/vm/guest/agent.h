/* What the agent's parts know of each other, and of what stands by. */
#include <stddef.h>
#include <stdint.h>

#define MOST_WORDS 255
/* Where a program that stands by takes requests, and how long one may be: standby.c. */
#define REQUESTS 3
#define LONGEST_REQUEST 65536
#define MOST_PORTS 4096

/* agent.c */
struct buffer {
	char *data;
	size_t length, room;
};

void append(struct buffer *to, const void *data, size_t length);
/* From where the file stands to its end. Returns an errno. */
int read_all(int file, struct buffer *into);

/* programs.c */

/* Each port has streams of its own. */
void open_streams(int port);
/* Starts those that are to stand by; nobody waits for them before they are needed. */
void start_programs(void);
/* Payload: as of 'x'. Returns an exit status, or 128 and the signal that ended it. */
uint32_t run(char *payload, size_t length, struct buffer *output, struct buffer *errors);

/* ports.c */

/* Payload: as of 'P'. These return an errno. */
uint32_t set_ports(const char *payload, size_t length);
uint32_t close_ports(void);
void read_delivered(struct buffer *into);
/* Bound to the packet's source address, or to none. */
uint32_t send_packet(const char *packet, size_t length, int is_bound);
/* Payload: as of 'O'. */
uint32_t send_as(const char *payload, size_t length);

/* nfnetlink.c */

/* What nf_tables traced in this namespace since it was last asked: from the first time on. Returns an errno. */
uint32_t read_traces(struct buffer *into);
/* Leaves the namespace of the first time. */
void stop_listening(void);
/* A request for a dump, and all that is answered. Returns an errno. */
uint32_t dump(const char *request, size_t length, struct buffer *into);
