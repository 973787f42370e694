librecovery_a_SOURCES += recovery/protocol/kermit.c recovery/protocol/kermit_packet.c recovery/protocol/kermit_packet.h
check_PROGRAMS += tests/unit/test_kermit
tests_unit_test_kermit_SOURCES = tests/unit/test_kermit.c tests/fakes/cable_model.c tests/fakes/cable_model.h
tests_unit_test_kermit_LDADD = librecovery.a libbase.a $(CMOCKA_LIBS)
