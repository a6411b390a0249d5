"""What people of the trade write in notes, reasons and comments: our own sentences.

Blanks: {tc} a timecode, {reel} a reel, {frames} a number of frames, {lufs} a loudness,
{line} a line of a text, {who} the first name of the person addressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

DELAYS = {
    "Materials late": (
        "Still waiting for the final proxy of reel {reel}; we can start two days after it lands.",
        "Dialogue list arrived this morning, the show guide did not.",
    ),
    "Materials rejected": (
        "Proxy drops {frames} frames at {tc}, so everything after it is out. New one asked for.",
        "M&E still has production dialogue under reel {reel}; cannot mix against it.",
    ),
    "Resourcing": (
        "Our second mixer is out until Thursday, so reel {reel} moves to the night shift.",
        "Booth time slipped: the lead voice has two days instead of four this week.",
    ),
    "Technical issue": (
        "Transfer stopped at 92 % twice. Re-sending from the other site tonight.",
        "Render node lost its colour pipeline; reel {reel} is being made again.",
    ),
    "Creative approval pending": (
        "Song lyrics at {tc} need a yes before we record.",
        "Waiting for sign-off on the voice of the ferryman's daughter.",
    ),
    "Specification question": (
        "Is the forced narrative at {tc} burnt in, or ours to deliver?",
        "The order says 5.1, the printmaster is Atmos. Which one counts?",
    ),
    "Other": (
        "Public holiday on Friday, so the check moves to Monday.",
        "Agreed on the phone with the show team.",
    ),
}

REJECTIONS = {
    "Video": (
        "Dead pixel upper left from {tc} for {frames} frames, on three shots.",
        "Interlacing on the archive insert at {tc}. Needs a fresh conversion.",
        "Black frames between the logo and the first shot: {frames} too many.",
    ),
    "Audio": (
        "Dialogue measures {lufs} LUFS; the target is -27. Please remix reel {reel}.",
        "Left surround silent from {tc} to the end of reel {reel}.",
        "Tick on the centre channel at {tc}, clearly audible in headphones.",
    ),
    "Timed Text": (
        "Line {line} stays on for 4 frames only; nobody can read it.",
        "Subtitles run {frames} frames late from {tc} on, after the recut.",
        "Line {line} gives the sister's name differently than the key names list.",
    ),
    "Metadata": (
        "Rating card says 12, the order says 15.",
        "Audio language tag does not agree with what is spoken.",
    ),
    "Artwork": (
        "Title treatment touches the safe area at the bottom.",
        "Layers are merged; we need the lettering separate.",
    ),
    "Delivery Package": (
        "Two track files carry the same id; the package list does not resolve.",
        "Composition refers to a track file that is not in the package.",
    ),
    "Synced Events": (
        "Chapter mark four sits {frames} frames inside the previous scene.",
        "End credits marker is at {tc}, the credits begin eleven seconds later.",
    ),
}

MATERIAL_FAULTS = (
    "Burnt-in timecode covers the lip line at {tc}; useless for dubbing.",
    "This is the cut before the last: reel {reel} is {frames} frames longer.",
    "Audio on the proxy drifts, two frames by {tc}.",
    "Dialogue list ends in the middle of reel {reel}.",
)

MATERIAL_NEWS = (
    "Reel {reel} only; the rest follows with the final conform.",
    "Supersedes last week's file: music edit at {tc}.",
    "Same picture, corrected end credits.",
    "Locked as of this morning. No more changes to reel {reel}.",
)

FINDINGS = {
    "Video": (
        "Black longer than 10 seconds at {tc}.",
        "Luminance above legal range at {tc}, {frames} frames.",
    ),
    "Audio": (
        "Integrated loudness {lufs} LUFS is outside -27 LUFS +/- 2 LU.",
        "Channel 3 is silent from {tc} to the end.",
    ),
    "Timed Text": (
        "Event {line} lasts {frames} frames less than the minimum.",
        "Events {line} and following overlap at {tc}.",
    ),
    "Metadata": (
        "Language tag of the file differs from the order.",
        "Runtime differs from the order by {frames} frames.",
    ),
    "Artwork": ("Image is 2 pixels narrower than ordered.", "Colour profile is missing."),
    "Delivery Package": (
        "Checksum of track file {reel} does not match the packing list.",
        "Composition refers to {reel} track files that are not in the package.",
    ),
    "Synced Events": (
        "Marker at {tc} lies after the last frame.",
        "Two markers share the position {tc}.",
    ),
}
"""What automated inspection reports: a machine's words."""

ANY_COMMENTS = (
    "Can we have this one before the weekend? The launch screening is on Monday.",
    "Thanks, got it. Starting with reel {reel} this afternoon.",
    "Pushed the fix. Only the segment from {tc} changed, about {frames} frames.",
    "Checked at {tc} and at {line} other places: the sync holds.",
    "{who}, who confirms the new date? I only see the old one here.",
    "Die neue Fassung ist da, {who}. Bitte einmal auf {tc} achten.",
    "Merci {who}, on garde la bobine {reel} telle quelle.",
    "يرجى مراجعة المقطع عند {tc} يا {who}.",
)

COMMENTS = {
    "text": (
        "The joke in line {line} does not survive in our language. Two alternatives below, {who}.",
        "{who}, the forced narrative for the letter at {tc} is missing from the list.",
        "Question on names: is it Brennick with one n in the captions?\nThe guide has both.",
        "{who}, line {line} reads at 22 characters a second. May we shorten it?",
        "Queda una duda en la línea {line}, {who}: ¿tú o usted?",
        "{who}さん、{tc} のテロップをご確認ください。",
        "{who} 님, {tc} 자막 위치를 위로 올려 주세요.",
    ),
    "sound": (
        "{who}, is the silence at {tc} meant, or did we lose the atmosphere track?",
        "We hear a faint hum under reel {reel}. {who}, can you check against the stems?",
        "Loudness is now -27.1 LUFS over the whole programme, dialogue gated.",
        "{who}, who signs off the lyrics at {tc}? Recording is tomorrow at ten.",
        "The breaths at {tc} are back in, {who}. Reel {reel} is up again.",
        "A dublagem do rolo {reel} fecha amanhã, {who}.",
    ),
    "picture": (
        "{who} - reel {reel} is up again with {frames} frames trimmed from the head.",
        "Agreed: best possible for the archive shot at {tc}, everything else gets fixed.",
        "Creative intent, please leave the flicker at {tc} as it is.",
        "{who}, is the grain at {tc} in the negative or ours?",
        "{who}さん、{tc} の色味はこのままで大丈夫でしょうか。",
    ),
}
"""What people write to each other, by the kind of work."""

CANCELLATIONS = (
    "Territory dropped from the launch.",
    "Opened twice by mistake; the other request stays.",
    "Covered by the existing library version.",
)

DATE_MOVES = (
    "Launch moved; all deliveries of this episode move with it.",
    "Festival screening confirmed, we need it earlier.",
    "Recut approved, so everyone gets more time.",
)

REASSIGNMENTS = (
    "Capacity: moved to another house as agreed on the call.",
    "Assigned to the wrong site.",
)


def phrase(dice: Random, choices: tuple[str, ...], who: str = "all") -> str:
    """Return one of `choices` with its blanks filled."""
    return dice.choice(choices).format(
        tc=f"01:{dice.randrange(60):02d}:{dice.randrange(60):02d}:{dice.randrange(24):02d}",
        reel=dice.randint(1, 6),
        frames=dice.randint(2, 36),
        lufs=f"-{dice.randint(190, 310) / 10}",
        line=dice.randint(12, 640),
        who=who,
    )
