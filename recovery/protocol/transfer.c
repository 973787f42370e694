#include "recovery/protocol/transfer.h"

#include <strings.h>

#include "src/base/cleanup.h"

/* One row a protocol: its source file has the struct. */
extern const struct transfer_protocol transfer_xmodem, transfer_xmodem_crc, transfer_xmodem_1k;
extern const struct transfer_protocol transfer_ymodem, transfer_ymodem_g;

static const struct transfer_protocol *const protocols[] = {
	&transfer_xmodem, &transfer_xmodem_crc, &transfer_xmodem_1k, &transfer_ymodem, &transfer_ymodem_g,
};

const struct transfer_protocol *const *transfer_protocols(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(protocols);
	return protocols;
}

const struct transfer_protocol *transfer_protocol_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcasecmp(protocols[i]->name, name) == 0)
			return protocols[i];
	return NULL;
}
