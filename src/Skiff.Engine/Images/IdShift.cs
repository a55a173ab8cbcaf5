// Users and groups of a container that has a range of its own, as the host numbers them.
namespace Skiff.Engine.Images;

/// <summary>User 0 inside is FirstUid outside, and so on; there are Size of each.</summary>
internal sealed record IdShift(uint FirstUid, uint FirstGid, uint Size)
{
    /// <summary>What stat(2) tells inside of a user or group that the range has not: overflowuid in /proc/sys/fs.</summary>
    const uint Nobody = 65534;

    /// <exception cref="InvalidDataException">the container has no such user or group</exception>
    internal (uint Uid, uint Gid) Outside(uint uid, uint gid) => (Above(uid, FirstUid, "user"), Above(gid, FirstGid, "group"));

    internal (uint Uid, uint Gid) Inside(uint uid, uint gid) => (Below(uid, FirstUid), Below(gid, FirstGid));

    // Past its end begins the range of somebody else.
    uint Above(uint id, uint first, string what) =>
        id < Size ? first + id : throw new InvalidDataException($"the container has no {what} {id}: it has {Size} from 0 on");

    uint Below(uint id, uint first) => id >= first && id - first < Size ? id - first : Nobody;
}
