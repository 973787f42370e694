librecovery_a_SOURCES += recovery/protocol/transfer.h
librecovery_a_SOURCES += recovery/protocol/transfer_machine.c recovery/protocol/transfer_machine.h
librecovery_a_SOURCES += recovery/protocol/transfer_check.c recovery/protocol/transfer_check.h
