/* The settings of a line as people write them: "8N1", "rtscts". */
#include <ctype.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/line_driver.h"

enum { BAUD_MAX = 20000000 };

static const char *const flow_names[] = {
	[LINE_FLOW_NONE] = "none",
	[LINE_FLOW_RTSCTS] = "rtscts",
	[LINE_FLOW_XONXOFF] = "xonxoff",
};

bool line_parse_frame(const char *text, struct line_settings *to)
{
	char parity;

	if (strlen(text) != 3)
		return false;
	parity = (char)toupper((unsigned char)text[1]);
	if (text[0] < '5' || text[0] > '8' || strchr("NEO", parity) == NULL || text[2] < '1' || text[2] > '2')
		return false;
	to->data_bits = (unsigned)(text[0] - '0');
	to->parity = parity;
	to->stop_bits = (unsigned)(text[2] - '0');
	return true;
}

char *line_frame_text(const struct line_settings *settings, char *to, size_t size)
{
	return text_format(to, size, "%u%c%u", settings->data_bits ? settings->data_bits : 8,
			   settings->parity ? settings->parity : 'N', settings->stop_bits ? settings->stop_bits : 1);
}

bool line_parse_flow(const char *text, enum line_flow *ret_flow)
{
	for (size_t i = 0; i < ARRAY_SIZE(flow_names); i++)
		if (text_equal(flow_names[i], text)) {
			*ret_flow = (enum line_flow)i;
			return true;
		}
	return false;
}

const char *line_flow_name(enum line_flow flow)
{
	return flow_names[flow];
}

enum status line_settings_complete(struct line_settings *settings, struct error *reterr)
{
	if (settings->baud == 0)
		settings->baud = 115200;
	if (settings->data_bits == 0)
		settings->data_bits = 8;
	if (settings->parity == 0)
		settings->parity = 'N';
	if (settings->stop_bits == 0)
		settings->stop_bits = 1;
	if (settings->baud > BAUD_MAX)
		return error_set(reterr, STATUS_INVALID, "%u baud is beyond every serial line", settings->baud);
	if (settings->data_bits < 5 || settings->data_bits > 8 || settings->stop_bits > 2 ||
	    strchr("NEO", settings->parity) == NULL)
		return error_set(reterr, STATUS_INVALID,
				 "a serial line has 5 to 8 data bits, parity N, E or O, 1 or 2 stop bits");
	return STATUS_OK;
}
