//! Everything that a key, the palette or the mouse can ask for.

macro_rules! commands {
    ($($variant:ident = $name:literal, $label:literal, $help:literal;)*) => {
        /// Something to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command {
            $(#[doc = $help] $variant,)*
        }

        impl Command {
            /// Every command.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in the table of keys and in the palette.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its word in the footer; empty for keys that everybody knows.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// What it does, in one sentence.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

commands! {
    Home = "home", "home", "Go to Home";
    Wallet = "wallet", "wallet", "Go to the wallet: accounts, payments, contacts";
    Explorer = "explorer", "explorer", "Go to the explorer";
    Mempool = "mempool", "mempool", "Go to what waits to be mined";
    Mining = "mining", "mining", "Go to the miner";
    Network = "network", "network", "Go to the network: whom this talks to, and what they said";
    Logs = "logs", "logs", "Go to the log";
    Send = "send", "send", "Send coins";
    Receive = "receive", "receive", "Show an address to be paid at";
    History = "history", "history", "Show what was sent, received and mined";
    NewAccount = "new-account", "new account", "Open another account";
    Contacts = "contacts", "contacts", "Show the address book";
    AddContact = "add-contact", "add", "Add a contact";
    RemoveContact = "remove-contact", "remove", "Take a contact out of the address book";
    Sign = "sign", "messages", "Sign or verify a message";
    SignOrVerify = "sign-or-verify", "sign/verify", "Change between signing and verifying";
    Max = "max", "max", "Send all that is spendable";
    Fee = "fee", "price", "Take the next price: low, normal, high, own";
    ConfirmSend = "confirm-send", "sign and send", "Sign this payment and send it";
    SpeedUp = "speed-up", "speed up", "Send a waiting payment again at a higher price";
    CancelPayment = "cancel-payment", "cancel", "Replace a waiting payment by nothing";
    OpenExplorer = "open-explorer", "explorer", "Open it in the explorer";
    Label = "label", "label", "Write a note to it";
    Filter = "filter", "filter", "Take the next filter";
    RequestAmount = "request-amount", "amount", "Ask for an amount in the code";
    CopyUri = "copy-uri", "copy URI", "Copy the payment URI";
    Copy = "copy", "copy", "Copy what is chosen to the clipboard";
    Search = "search", "search", "Search a height, an id, an address";
    Find = "find", "find", "Narrow the list";
    Forks = "forks", "forks", "Show branches beside the active one";
    ToggleMining = "toggle-mining", "mine", "Start or stop mining";
    ThreadsMore = "threads-more", "more threads", "Mine with one thread more";
    ThreadsFewer = "threads-fewer", "fewer", "Mine with one thread less";
    AddPeer = "add-peer", "add peer", "Tell the node of a peer";
    BanPeer = "ban-peer", "ban", "Ban the chosen peer for a day";
    BanAddress = "ban-address", "ban address", "Ban everybody at the chosen peer's address for a day";
    ShowBans = "show-bans", "bans", "Show who is banned, and who does not want this node";
    Unban = "unban", "unban", "End the chosen ban";
    ShowDisagreements = "show-disagreements", "disagreements", "Show where servers disagreed or said false things";
    Follow = "follow", "follow", "Follow the newest line, or stop";
    Level = "level", "level", "Show graver lines only";
    CreateWallet = "create-wallet", "create", "Create a wallet with new words";
    RestoreWallet = "restore-wallet", "restore", "Restore a wallet from its words";
    WatchAddress = "watch-address", "watch", "Watch an address without its key";
    JustLook = "just-look", "just look", "Look at the chain without a wallet";
    FirstStart = "first-start", "another wallet", "Create, restore or watch another wallet";
    WordsWritten = "words-written", "I wrote them down", "The words are on paper";
    WordCount = "word-count", "12/24 words", "Change between 12 and 24 words";
    NewWords = "new-words", "other words", "Draw other words";
    ShowWordsAgain = "show-words-again", "see them again", "Go back to the words";
    Passphrase = "passphrase", "passphrase", "The words have a passphrase besides";
    Complete = "complete", "complete", "Take the suggested word";
    Reveal = "reveal", "show", "Show or hide what is typed";
    Lock = "lock", "lock", "Lock the wallet; without one, choose or create one";
    Palette = "palette", "command", "Find any command by its name";
    Help = "help", "help", "Show the keys of this screen";
    Confirm = "confirm", "yes", "Do it";
    Back = "back", "back", "Go back";
    Quit = "quit", "quit", "Leave";
    Leave = "leave", "leave", "Leave at once";
    Accept = "accept", "open", "Open what is chosen, or go on";
    Next = "next", "next", "Go to the next field";
    Previous = "previous", "", "Go to the field before";
    Up = "up", "", "Move up";
    Down = "down", "", "Move down";
    Left = "left", "", "Move left";
    Right = "right", "", "Move right";
    PageUp = "page-up", "", "Move up by a page";
    PageDown = "page-down", "", "Move down by a page";
    Top = "top", "", "Go to the first";
    Bottom = "bottom", "newest", "Go to the last";
}

impl Command {
    /// The command called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }

    /// Whether its global keys also work while text is typed. Those that move the cursor there do not.
    #[must_use]
    pub const fn works_in_text(self) -> bool {
        matches!(self, Self::Help | Self::Palette | Self::Lock | Self::Back | Self::Leave | Self::Accept)
    }

    /// Whether the palette offers it: what makes sense from anywhere.
    #[must_use]
    pub const fn in_palette(self) -> bool {
        matches!(
            self,
            Self::Home
                | Self::Wallet
                | Self::Explorer
                | Self::Mempool
                | Self::Mining
                | Self::Network
                | Self::Logs
                | Self::Send
                | Self::Receive
                | Self::History
                | Self::NewAccount
                | Self::Contacts
                | Self::AddContact
                | Self::Sign
                | Self::Search
                | Self::Forks
                | Self::ToggleMining
                | Self::ThreadsMore
                | Self::ThreadsFewer
                | Self::FirstStart
                | Self::Lock
                | Self::Help
                | Self::Quit
        )
    }
}
