"""Reports as mail servers write them: our own words in each one's form."""

from __future__ import annotations

TO = "bounces+1.0123456789abcdef0123@callboard.example"
ANA = "ana@copperglass.example"
MESSAGE_ID = "<0123456789abcdef0123456789abcdef@callboard.example>"
GONE = f"550 5.1.1 <{ANA}>: Recipient address rejected: User unknown in virtual mailbox table"


def original(return_path: str = TO, message_id: str = MESSAGE_ID, recipient: str = ANA) -> str:
    """The headers of the mail that the report is about."""
    return f"""Return-Path: <{return_path}>
Received: from callboard.example (callboard.example [192.0.2.9])
\tby mail.relay.example (Postfix) with ESMTP id 4Dxyz01A2Bz
\tfor <{recipient}>; Mon, 23 Nov 2026 10:00:01 +0000 (UTC)
From: Callboard <notifications@callboard.example>
To: {recipient}
Subject: Redelivery requested: Salt
Message-ID:
 {message_id}
List-Id: <delivery.redelivery_requested.callboard.example>
"""


def postfix(*, to: str = TO, recipient: str = ANA, action: str = "failed", status: str = "5.1.1",
            words: str = GONE, enclosed: str | None = None) -> bytes:  # fmt: skip
    """What Postfix sends: failed, delayed or delivered."""
    return f"""Return-Path: <>
Date: Mon, 23 Nov 2026 10:00:02 +0000 (UTC)
From: MAILER-DAEMON@mail.relay.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4Dxyz01A2Bz.1764000002/mail.relay.example"
Content-Transfer-Encoding: 8bit
Message-Id: <20261123100002.4Dxyz01A2Cz@mail.relay.example>

This is a MIME-encapsulated message.

--4Dxyz01A2Bz.1764000002/mail.relay.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.relay.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{recipient}>: host mx.copperglass.example[192.0.2.25] said: {words} (in reply to RCPT TO command)

--4Dxyz01A2Bz.1764000002/mail.relay.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.relay.example
X-Postfix-Queue-ID: 4Dxyz01A2Bz
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Mon, 23 Nov 2026 10:00:01 +0000 (UTC)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.copperglass.example
Diagnostic-Code: smtp; {words}

--4Dxyz01A2Bz.1764000002/mail.relay.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{original() if enclosed is None else enclosed}
--4Dxyz01A2Bz.1764000002/mail.relay.example--
""".encode()


EXIM = f"""Return-path: <>
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.exim.example>
To: {TO}
X-Failed-Recipients: {ANA}
Content-Type: multipart/report; report-type=delivery-status; boundary=1764000002-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--1764000002-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

  {ANA}
    host mx.copperglass.example [192.0.2.25]
    SMTP error from remote mail server after RCPT TO:<{ANA}>:
    550-5.1.1 The account that you tried to reach is not here.
    550 5.1.1 Check the address.

--1764000002-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.exim.example

Action: failed
Final-Recipient: rfc822;{ANA}
Status: 5.0.0
Remote-MTA: dns; mx.copperglass.example
Diagnostic-Code: smtp; 550-5.1.1 The account that you tried to reach is not here.
 550 5.1.1 Check the address.

--1764000002-eximdsn-1804289383
Content-type: message/rfc822

{original()}
the whole mail
--1764000002-eximdsn-1804289383--
""".encode()

EXIM_IN_PROSE = f"""Return-path: <>
X-Failed-Recipients: {ANA}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.exim.example>
To: {TO}
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ANA}
    (generated from crew@copperglass.example)
    SMTP error from remote mail server after RCPT TO:<{ANA}>:
    host mx.copperglass.example [192.0.2.25]: 550 5.1.1 No such person

------ This is a copy of the message, including all the headers. ------

{original()}
the whole mail
""".encode()

EXCHANGE = f"""From: <postmaster@copperglass.example>
To: {TO}
Date: Mon, 23 Nov 2026 10:00:05 +0000
Content-Type: multipart/report; report-type=delivery-status;
 boundary="9B095B5ADSN=_01DA2"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-GB
MIME-Version: 1.0
Message-ID: <ndr-1@copperglass.example>
In-Reply-To: {MESSAGE_ID}
Subject: Undeliverable: Redelivery requested: Salt
Auto-Submitted: auto-replied

--9B095B5ADSN=_01DA2
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PHA+Tm9ib2R5PC9wPg==

--9B095B5ADSN=_01DA2
Content-Type: message/delivery-status

Reporting-MTA: dns;ex1.copperglass.example
Received-From-MTA: dns;mail.relay.example
Arrival-Date: Mon, 23 Nov 2026 10:00:04 +0000

Final-Recipient: rfc822;{ANA}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient
 {ANA} not found by SMTP address lookup

--9B095B5ADSN=_01DA2
Content-Type: message/rfc822

{original()}
the whole mail
--9B095B5ADSN=_01DA2--
""".encode()

QMAIL = f"""Return-Path: <>
Date: 23 Nov 2026 10:00:02 -0000
From: MAILER-DAEMON@mx.qmail.example
To: {TO}
Subject: failure notice

Hi. This is the qmail-send program at mx.qmail.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{ANA}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{original()}
the whole mail
""".encode()

ARF = f"""From: <complaints@mailbox.example>
Date: Mon, 23 Nov 2026 11:00:00 +0000
Subject: FW: Redelivery requested: Salt
To: <bounces@callboard.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d.2e68ed54"

--part1_13d.2e68ed54
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report for an email message received from 192.0.2.9.

--part1_13d.2e68ed54
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Mailbox-Loop/1.0
Version: 1
Original-Mail-From: <{TO}>
Original-Rcpt-To: <{ANA}>
Reporting-MTA: dns; mx.mailbox.example
Source-IP: 192.0.2.9

--part1_13d.2e68ed54
Content-Type: message/rfc822

{original()}
the whole mail
--part1_13d.2e68ed54--
""".encode()

AWAY = f"""Return-Path: <>
From: Ana Ruiz <{ANA}>
To: {TO}
Subject: Automatic reply: Redelivery requested: Salt
Auto-Submitted: auto-replied
In-Reply-To: {MESSAGE_ID}

I am out of the office until Monday. The address 550 5.1.1 of our set is closed.
""".encode()

TWO_RECIPIENTS = postfix(
    words="250 2.1.5 passed on", action="relayed", status="2.0.0", recipient="crew@copperglass.example"
).replace(
    b"Diagnostic-Code: smtp; 250 2.1.5 passed on\n",
    b"""Diagnostic-Code: smtp; 250 2.1.5 passed on

Final-Recipient: rfc822; former@elsewhere.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
""",
)
