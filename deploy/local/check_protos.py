"""The rules of protos/, and that the wire only grows: `python -m deploy.local.check_protos` (make check-protos).

A file's package is its directory; each RPC has a Request and a Response of its own, an access rule and a
comment; each service, message and enum has a comment; an enum begins with its zero `<NAME>_UNSPECIFIED`.
Against the last release (the newest tag v*): nothing that was published is removed or changes its meaning.
"""

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

from deploy.local.protos import DESCRIPTORS, GenerationFailed, generate, include_paths, proto_files

ROOT = Path(__file__).resolve().parents[2]
ACCESS_FIELD = 50001  # ebok.common.v1.access, an extension of MethodOptions.
# Paths of elements in SourceCodeInfo, from descriptor.proto: file.message_type = 4, file.enum_type = 5 …
MESSAGE, ENUM, SERVICE = 4, 5, 6
NESTED_MESSAGE, NESTED_ENUM, METHOD = 3, 4, 2
PRELUDE = ("syntax", "package", "import")


def lint(files: list[FileDescriptorProto], protos: Path) -> list[str]:
    """Every breach of the rules, one sentence each."""
    return [fault for file in files for fault in _lint_file(file, (protos / file.name).read_text("utf-8"))]


def _lint_file(file: FileDescriptorProto, text: str) -> Iterator[str]:
    expected = str(Path(file.name).parent).replace("/", ".")
    if file.package != expected:
        yield f"{file.name}: the package is {file.package}, its directory says {expected}"
    if file.syntax != "proto3":
        yield f"{file.name}: not proto3"
    yield from _lint_order(file, text)
    comments = {tuple(place.path): place.leading_comments.strip() for place in file.source_code_info.location}
    for number, service in enumerate(file.service):
        yield from _lint_service(file, service, (SERVICE, number), comments)
    for number, message in enumerate(file.message_type):
        yield from _lint_message(file.name, message, (MESSAGE, number), comments)
    for number, enum in enumerate(file.enum_type):
        yield from _lint_enum(file.name, enum, (ENUM, number), comments)


def _lint_order(file: FileDescriptorProto, text: str) -> Iterator[str]:
    """syntax, package, imports in the order of the alphabet; then everything else."""
    words = [line.split(maxsplit=1)[0].rstrip(";") for line in text.splitlines() if line.strip()]
    prelude = [word for word in words if word in PRELUDE]
    if prelude != sorted(prelude, key=PRELUDE.index):
        yield f"{file.name}: the order is syntax, package, imports"
    if list(file.dependency) != sorted(file.dependency):
        yield f"{file.name}: imports are not in the order of the alphabet"
    if "google/protobuf/empty.proto" in file.dependency:
        yield f"{file.name}: Empty cannot grow; give the RPC a message of its own"
    first_message = words.index("message") if "message" in words else len(words)
    if "service" in words[first_message:]:
        yield f"{file.name}: services come before messages"


Comments = dict[tuple[int, ...], str]


def _lint_service(
    file: FileDescriptorProto, service: ServiceDescriptorProto, path: tuple[int, ...], comments: Comments
) -> Iterator[str]:
    if not service.name.endswith("Service"):
        yield f"{file.name}: {service.name} does not end in Service"
    if not comments.get(path):
        yield f"{file.name}: service {service.name} has no comment"
    for number, method in enumerate(service.method):
        where = f"{file.name}: {service.name}.{method.name}"
        if not comments.get((*path, METHOD, number)):
            yield f"{where} has no comment"
        for kind, used in (("Request", method.input_type), ("Response", method.output_type)):
            wanted = f".{file.package}.{method.name}{kind}"
            if used != wanted:
                yield f"{where} uses {used.lstrip('.')}, its own would be {method.name}{kind}"
        if not _has_access(method):
            yield f"{where} has no option (ebok.common.v1.access)"


def _has_access(method: MethodDescriptorProto) -> bool:
    """Read off the wire form: this tool does not need gen/ to be importable."""
    key = ACCESS_FIELD << 3 | 2
    varint = bytearray()
    while key > 0x7F:
        varint.append(key & 0x7F | 0x80)
        key >>= 7
    varint.append(key)
    return bytes(varint) in method.options.SerializeToString()


def _lint_message(
    name: str, message: DescriptorProto, path: tuple[int, ...], comments: Comments
) -> Iterator[str]:
    if message.options.map_entry:
        return
    if not comments.get(path):
        yield f"{name}: message {message.name} has no comment"
    for number, nested in enumerate(message.nested_type):
        yield from _lint_message(name, nested, (*path, NESTED_MESSAGE, number), comments)
    for number, enum in enumerate(message.enum_type):
        yield from _lint_enum(name, enum, (*path, NESTED_ENUM, number), comments)


def _lint_enum(
    name: str, enum: EnumDescriptorProto, path: tuple[int, ...], comments: Comments
) -> Iterator[str]:
    if not comments.get(path):
        yield f"{name}: enum {enum.name} has no comment"
    prefix = "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in enum.name).lstrip("_")
    zero = enum.value[0]
    if zero.number or zero.name != f"{prefix}_UNSPECIFIED":
        yield f"{name}: enum {enum.name} does not begin with {prefix}_UNSPECIFIED = 0"
    for value in enum.value:
        if not value.name.startswith(f"{prefix}_"):
            yield f"{name}: {value.name} does not begin with {prefix}_"


def breaking(old: list[FileDescriptorProto], new: list[FileDescriptorProto]) -> list[str]:
    """What a reader or writer built from `old` would stumble over."""
    return [
        *_broken_messages(_messages(old), _messages(new)),
        *_broken_enums(_enums(old), _enums(new)),
        *_broken_services(_services(old), _services(new)),
    ]


def _broken_messages(old: dict[str, DescriptorProto], new: dict[str, DescriptorProto]) -> Iterator[str]:
    for name, before in old.items():
        after = new.get(name)
        if after is None:
            yield f"{name} was removed"
            continue
        fields = {field.number: field for field in after.field}
        for field in before.field:
            now = fields.get(field.number)
            if now is None:
                kept = any(one.start <= field.number < one.end for one in after.reserved_range)
                if not (kept and field.name in after.reserved_name):
                    yield f"{name}.{field.name} was removed; reserve its number {field.number} and its name"
            elif _meaning(field) != _meaning(now):
                yield f"{name}.{field.name} (number {field.number}) changed its name, type or presence"


def _meaning(field: FieldDescriptorProto) -> tuple[object, ...]:
    in_oneof = field.HasField("oneof_index") and not field.proto3_optional
    return (field.name, field.type, field.type_name, field.label, field.proto3_optional, in_oneof)


def _broken_enums(old: dict[str, EnumDescriptorProto], new: dict[str, EnumDescriptorProto]) -> Iterator[str]:
    for name, before in old.items():
        after = new.get(name)
        if after is None:
            yield f"{name} was removed"
            continue
        values = {value.number: value.name for value in after.value}
        for value in before.value:
            kept = any(one.start <= value.number <= one.end for one in after.reserved_range)
            if values.get(value.number) != value.name and not (kept and value.name in after.reserved_name):
                yield f"{name}.{value.name} = {value.number} was removed or renamed"


def _broken_services(
    old: dict[str, ServiceDescriptorProto], new: dict[str, ServiceDescriptorProto]
) -> Iterator[str]:
    for name, before in old.items():
        after = new.get(name)
        methods = {method.name: method for method in after.method} if after else {}
        for method in before.method:
            now = methods.get(method.name)
            if now is None:
                yield f"{name}.{method.name} was removed"
            elif _shape(method) != _shape(now):
                yield f"{name}.{method.name} takes or answers something else"


def _shape(method: MethodDescriptorProto) -> tuple[object, ...]:
    return (method.input_type, method.output_type, method.client_streaming, method.server_streaming)


def _messages(files: list[FileDescriptorProto]) -> dict[str, DescriptorProto]:
    found: dict[str, DescriptorProto] = {}

    def collect(prefix: str, messages: object) -> None:
        for message in messages:  # type: ignore[attr-defined]
            found[f"{prefix}.{message.name}"] = message
            collect(f"{prefix}.{message.name}", message.nested_type)

    for file in files:
        collect(file.package, file.message_type)
    return found


def _enums(files: list[FileDescriptorProto]) -> dict[str, EnumDescriptorProto]:
    found = {f"{file.package}.{enum.name}": enum for file in files for enum in file.enum_type}
    for name, message in _messages(files).items():
        found |= {f"{name}.{enum.name}": enum for enum in message.enum_type}
    return found


def _services(files: list[FileDescriptorProto]) -> dict[str, ServiceDescriptorProto]:
    return {f"{file.package}.{service.name}": service for file in files for service in file.service}


def describe(protos: Path) -> list[FileDescriptorProto]:
    """The descriptors, with comments, of the files below a directory. Raises GenerationFailed."""
    names = [str(path) for path in proto_files(protos)]
    if not names:
        return []
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / DESCRIPTORS
        command = [
            *(sys.executable, "-m", "grpc_tools.protoc"),
            *(f"--proto_path={path}" for path in include_paths(protos)),
            *("--include_source_info", f"--descriptor_set_out={target}"),
            *names,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise GenerationFailed(done.stderr.strip())
        return list(FileDescriptorSet.FromString(target.read_bytes()).file)


def released(root: Path, into: Path) -> str:
    """Unpack the protos of the newest tag v* below `into`; answers the tag, empty when there is none."""
    newest = ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"]
    answer = subprocess.run(newest, cwd=root, capture_output=True, text=True, check=False)
    tag = answer.stdout.strip()
    if answer.returncode or not tag:
        return ""
    packed = subprocess.run(["git", "archive", tag, "protos"], cwd=root, capture_output=True, check=False)
    if packed.returncode:  # That release had no protos yet.
        return ""
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                target = into / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    return tag


def main() -> int:
    """Generate, lint, compare; a sentence for each fault."""
    protos = ROOT / "protos"
    try:
        generate(protos, ROOT / "gen", scratch=ROOT / "var")
        files = describe(protos)
        faults = lint(files, protos)
        with tempfile.TemporaryDirectory() as directory:
            tag = released(ROOT, Path(directory))
            if tag:
                broken = breaking(describe(Path(directory) / "protos"), files)
                faults += [f"{fault} (it was published in {tag})" for fault in broken]
    except GenerationFailed as failure:
        sys.exit(f"protos: {failure}")
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    against = f"compatible with {tag}" if tag else "no release to compare with"
    sys.stdout.write(f"protos: {len(files)} files, {len(faults)} faults, {against}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
