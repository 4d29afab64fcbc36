from google.protobuf import descriptor_pool

from agentspan.rpc import methods


def test_calls_methods_that_the_contract_has_with_their_messages() -> None:
    pool = descriptor_pool.Default()
    known = [one for one in vars(methods).values() if isinstance(one, methods.Method)]
    assert len(known) > 10
    for method in known:
        service, name = method.path.removeprefix("/").split("/")
        described = pool.FindServiceByName(service).methods_by_name[name]
        assert described.input_type.full_name == method.request.DESCRIPTOR.full_name
        assert described.output_type.full_name == method.answer.DESCRIPTOR.full_name
